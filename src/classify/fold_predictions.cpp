#include <algorithm>
#include <cstring>
#include <string>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/classify/fold_predictions.hpp>
#include <tessera/loader/classifier_source.hpp>

namespace tessera::classify {

namespace {

using base::ExitCode;

void check_store(TrainedModel const& model, dataset::Store const& store, std::size_t label_set) {
    auto const& manifest = store.manifest();
    auto const where = base::printable(store.path().string());
    base::validate(manifest.identity.settings == model.info().token_settings, ExitCode::bad_input,
                   "the store '{}' holds tokens of tokenizer {} and masking {}, the model was "
                   "trained on {} and {} with other settings; preprocess the captures as for the "
                   "training",
                   where, manifest.identity.tokenizer.name, manifest.identity.masking,
                   model.info().tokenizer, model.info().masking);
    base::validate(manifest.labels.at(label_set).classes == model.classes(), ExitCode::bad_input,
                   "label set '{}' of the store '{}' has other classes than the model; use the "
                   "labels that it was trained on",
                   manifest.labels[label_set].name, where);
}

/// Probabilities of this rank's share of whole batches, as bytes.
std::string own_shares(comm::Communicator const& comm, TrainedModel& model,
                       loader::ClassifierSource const& source, std::uint64_t batch_size) {
    auto const batches = (source.samples() + batch_size - 1) / batch_size;
    auto const share = comm::shard(static_cast<std::size_t>(batches), comm);
    std::string bytes;
    for (auto number = share.begin; number < share.end; ++number) {
        auto const first = number * batch_size;
        auto const count = std::min(batch_size, source.samples() - first);
        auto const values =
            model.probabilities(source.batch(first, static_cast<std::int64_t>(count)));
        bytes.append(reinterpret_cast<char const*>(values.data()), values.size() * sizeof(float));
    }
    return bytes;
}

std::vector<float> floats_of(std::vector<std::string> const& parts) {
    std::vector<float> values;
    for (auto const& part : parts) {
        auto const begin = values.size();
        values.resize(begin + part.size() / sizeof(float));
        if (!part.empty()) std::memcpy(&values[begin], part.data(), part.size());
    }
    return values;
}

}  // namespace

baseline::Predictions fold_predictions(comm::Communicator const& comm, TrainedModel& model,
                                       dataset::Store const& store, std::size_t label_set,
                                       std::vector<std::uint64_t> const& flows,
                                       std::int64_t batch_size,
                                       std::function<bool(std::uint64_t)> packets) {
    check_store(model, store, label_set);
    base::validate(batch_size > 0, ExitCode::usage, "a batch of {} sequences holds none",
                   batch_size);
    loader::ClassifierSource const source(store, flows, label_set, model.data(), 0,
                                          loader::Order::plain, std::move(packets));
    std::string own;
    comm::agreed(comm, [&] {
        own = own_shares(comm, model, source, static_cast<std::uint64_t>(batch_size));
    });
    auto const shares = floats_of(comm::all_gather(comm, own));

    baseline::Predictions all;
    all.classes = model.classes();
    for (auto const& capture : store.manifest().captures) all.captures.push_back(capture.path);
    auto const captures = dataset::first_parts(store.manifest());
    auto const classes = all.classes.size();
    for (std::uint64_t i = 0; i < source.samples(); ++i) {
        auto const& unit = source.unit(i);
        all.add(captures.at(store.flow(unit.flow).capture), unit.flow, unit.label,
                std::span(shares).subspan(i * classes, classes));
    }
    return all;
}

}  // namespace tessera::classify
