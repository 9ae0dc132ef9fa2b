#include "origin.hpp"

#include "run_folder.hpp"
#include "run_identity.hpp"
#include "training_data.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
#include <tessera/checkpoint/bundle.hpp>
#include <tessera/checkpoint/checkpoints.hpp>
#include <tessera/model/classifier_config.hpp>

namespace tessera::train {

namespace {

/// A pre-training run writes the settings of its encoder alone, a bundle those of any classifier.
model::BertConfig read_model(std::filesystem::path const& file) {
    model::ClassifierConfig config;
    base::OptionTable options;
    describe(options, config);
    base::read_config_file(options, file);
    return config.bert;
}

/// 0 when it is no number.
std::int64_t number_in(std::string const& text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// Positions that sequences of `length` ids train; all where it is not known (weights that were
/// imported have learned elsewhere).
std::int64_t trained_positions(std::int64_t length, model::BertConfig const& model) {
    return length > 0 ? std::min(length, model.positions) : model.positions;
}

/// A TOML value as text: a string without escapes, as names of splits are, loses its quotes.
std::string plain(std::string const& toml) {
    return toml.starts_with('"') ? toml.substr(1, toml.size() - 2) : toml;
}

/// Of a fine-tuning run that ended; others have no bundle.
std::string seen_before(std::filesystem::path const& run) {
    auto const bundle = run / "bundle";
    if (!checkpoint::is_bundle(bundle)) return {};
    return checkpoint::open_bundle(bundle).info.provenance["init_saw_test_flows"];
}

std::shared_ptr<checkpoint::SafetensorsFile const> shared(checkpoint::SafetensorsFile file) {
    return std::make_shared<checkpoint::SafetensorsFile const>(std::move(file));
}

/// One name for a folder, however it was given.
std::filesystem::path whole_path(std::filesystem::path const& folder) {
    auto path = std::filesystem::absolute(folder).lexically_normal();
    return path.has_filename() ? path : path.parent_path();
}

constexpr std::string_view of_before = "before.";  // begins the facts of what came earlier

checkpoint::Identity facts_of(Origin const& origin) {
    checkpoint::Identity facts{{"folder", whole_path(origin.folder).string()},
                               {"checksum", origin.checksum},
                               {"token_settings", origin.token_settings},
                               {"store", origin.store},
                               {"split", origin.split},
                               {"split_checksum", origin.split_checksum},
                               {"saw_before", origin.saw_before},
                               {"positions", std::to_string(origin.positions)}};
    auto model = origin.model;
    base::OptionTable options;
    model::describe(options, model);
    for (auto const& option : options.all()) facts[option.key()] = plain(option.toml());
    if (!origin.before) return facts;
    for (auto const& [name, value] : facts_of(*origin.before))
        facts[std::string(of_before) + name] = value;
    return facts;
}

model::BertConfig model_from(checkpoint::Identity const& facts) {
    model::BertConfig model;
    base::OptionTable options;
    model::describe(options, model);
    for (auto const& option : options.all()) {
        if (auto const fact = facts.find(option.key()); fact != facts.end())
            options.set(option.key(), fact->second, "the checkpoint");
    }
    return model;
}

std::shared_ptr<Origin const> origin_from(checkpoint::Identity facts, int depth = 0) {
    constexpr int deepest = 32;
    if (facts.empty()) return nullptr;
    checkpoint::Identity earlier;
    for (auto const& [name, value] : facts) {
        if (name.starts_with(of_before)) earlier[name.substr(of_before.size())] = value;
    }
    bool const too_deep = depth == deepest && !earlier.empty();
    return std::make_shared<Origin const>(
        Origin{.folder = facts["folder"],
               .checksum = facts["checksum"],
               .weights = nullptr,
               .token_settings = facts["token_settings"],
               .store = facts["store"],
               .split = facts["split"],
               .split_checksum = facts["split_checksum"],
               .saw_before = too_deep ? "unknown" : facts["saw_before"],
               .before = too_deep ? nullptr : origin_from(std::move(earlier), depth + 1),
               .model = model_from(facts),
               .positions = number_in(facts["positions"])});
}

checkpoint::Checkpoint best_of(checkpoint::Checkpoints const& checkpoints,
                               checkpoint::Checkpoint newest) {
    auto const best = newest.state.best_step;
    if (best < 0) return newest;
    try {
        return checkpoints.open(best);
    } catch (base::Error const& fault) {
        base::log_warning("the best weights cannot be read, so it is the last ones: {}",
                          fault.what());
        return newest;
    }
}

Origin open_run(std::filesystem::path const& folder) {
    checkpoint::Checkpoints const checkpoints(base::local_files(), folder / checkpoints_folder);
    auto checkpoint = checkpoints.newest();
    base::validate(checkpoint.has_value(), base::ExitCode::bad_input,
                   "'{}' is neither a bundle nor a run with a whole checkpoint",
                   base::printable(folder.string()));
    checkpoint = best_of(checkpoints, std::move(*checkpoint));
    auto& identity = checkpoint->state.identity;
    auto const model = read_model(folder / model_file);
    return {.folder = folder,
            .checksum = checkpoint->model.checksum(),
            .weights = shared(std::move(checkpoint->model)),
            .token_settings = identity[token_settings_part],
            .store = identity["store"],
            .split = plain(identity["train.split"]),
            .split_checksum = identity["split"],
            .saw_before = seen_before(folder),
            .before = origin_from(checkpoint->state.origin),
            .model = model,
            .positions = trained_positions(number_in(identity["data.sequence_length"]), model)};
}

}  // namespace

Origin open_origin(std::filesystem::path const& folder) {
    if (!checkpoint::is_bundle(folder)) return open_run(folder);
    auto bundle = checkpoint::open_bundle(folder);
    auto const model = read_model(bundle.model_file());
    return {.folder = folder,
            .checksum = bundle.weights.checksum(),
            .weights = shared(std::move(bundle.weights)),
            .token_settings = bundle.info.token_settings,
            .store = bundle.info.provenance["store_checksum"],
            .split = bundle.info.provenance["split"],
            .split_checksum = bundle.info.provenance["split_checksum"],
            .saw_before = bundle.info.provenance["init_saw_test_flows"],
            .before = nullptr,
            .model = model,
            .positions = trained_positions(bundle.info.sequence_length, model)};
}

void require_same_tokens(Origin const& origin, std::string const& token_settings) {
    base::validate(origin.token_settings == token_settings, base::ExitCode::usage,
                   "the weights in '{}' were trained on tokens with settings {}, the store has {}: "
                   "preprocess the captures with the same [token] settings",
                   base::printable(origin.folder.string()), base::printable(origin.token_settings),
                   token_settings);
}

std::optional<Origin> begun_with(comm::Communicator const& comm, std::filesystem::path const& run) {
    checkpoint::TrainingState state;
    comm::agreed(comm, [&] {
        if (!comm.is_root()) return;
        checkpoint::Checkpoints const checkpoints(base::local_files(), run / checkpoints_folder);
        state = checkpoints.newest_state().value_or(state);
    });
    auto text = checkpoint::to_text(state);
    comm::broadcast(comm, text, 0);
    auto const begun = origin_from(checkpoint::training_state_from(text).origin);
    return begun ? std::optional(*begun) : std::nullopt;
}

Origin origin_in(std::filesystem::path const& folder, std::optional<Origin> const& begun) {
    bool const known = begun && whole_path(begun->folder) == whole_path(folder);
    return known ? *begun : open_origin(folder);
}

checkpoint::Identity facts_of(std::optional<Origin> const& origin) {
    return origin ? facts_of(*origin) : checkpoint::Identity();
}

std::string initial_weights(std::optional<Origin> const& origin) {
    return origin ? origin->checksum : "none";
}

namespace {

/// By the origin itself, and what its bundle says of those before it.
std::optional<std::uint64_t> seen_by(Origin const& origin, dataset::Store const& store,
                                     dataset::Split const& split) {
    if (origin.store != store.manifest().checksum || origin.saw_before == "unknown") return {};
    auto const before = static_cast<std::uint64_t>(number_in(origin.saw_before));
    auto const names = dataset::split_names(store.path());
    if (!origin.split.empty() && std::ranges::find(names, origin.split) == names.end()) return {};
    auto const learned = split_of(store, origin.split);
    if (learned.checksum != origin.split_checksum) return {};
    auto const test = split.flows(dataset::Fold::test);
    auto const own = std::ranges::count_if(test, [&](std::uint64_t flow) {
        auto const fold = learned.fold_of(flow);
        return fold == dataset::Fold::train || fold == dataset::Fold::valid;
    });
    return std::max(static_cast<std::uint64_t>(own), before);
}

}  // namespace

std::optional<std::uint64_t> test_flows_seen(Origin const& origin, dataset::Store const& store,
                                             dataset::Split const& split) {
    std::uint64_t most = 0;
    for (auto const* one = &origin; one != nullptr; one = one->before.get()) {
        auto const seen = seen_by(*one, store, split);
        if (!seen) return std::nullopt;
        most = std::max(most, *seen);
    }
    return most;
}

void warn_of_ignored_sizes(Origin const& origin, model::BertConfig asked) {
    auto own = origin.model;
    model::BertConfig usual;
    own.dropout = asked.dropout;
    own.attention_dropout = asked.attention_dropout;
    std::array<base::OptionTable, 3> tables;  // as asked, of the origin, by default
    model::describe(tables[0], asked);
    model::describe(tables[1], own);
    model::describe(tables[2], usual);
    for (std::size_t i = 0; i < tables[0].all().size(); ++i) {
        auto const value = [&](std::size_t table) { return tables[table].all()[i].toml(); };
        if (value(0) == value(1) || value(0) == value(2)) continue;
        base::log_warning("{} = {} is not heeded: the model of '{}' has {}",
                          tables[0].all()[i].key(), value(0),
                          base::printable(origin.folder.string()), value(1));
    }
}

void load_weights(Origin const& origin, torch::nn::Module& module, std::string const& prefix) {
    if (!origin.weights) return;
    at::NoGradGuard const no_gradients;
    for (auto const& item : module.named_parameters()) {
        if (item.key().starts_with(prefix)) {
            origin.weights->read_into(item.key(), item.value().detach());
        }
    }
}

void load_encoder(Origin const& origin, torch::nn::Module& classifier) {
    load_weights(origin, classifier, "encoder.");
    at::NoGradGuard const no_gradients;
    auto const table = classifier.named_parameters()["encoder.embedding.position"].detach();
    for (auto begin = origin.positions; begin < table.size(0); begin += origin.positions) {
        auto const count = std::min(origin.positions, table.size(0) - begin);
        table.narrow(0, begin, count).copy_(table.narrow(0, 0, count));
    }
}

}  // namespace tessera::train
