#include <algorithm>

#include <tessera/base/error.hpp>
#include <tessera/batch/classifier_sample.hpp>
#include <tessera/checkpoint/bundle.hpp>
#include <tessera/checkpoint/checkpoints.hpp>
#include <tessera/interchange/bert_weights.hpp>
#include <tessera/model/classifier_config.hpp>

namespace tessera::interchange {
namespace {

namespace fs = std::filesystem;
using base::ExitCode;

constexpr auto model_file = "model.toml";
constexpr auto token_settings_part = "token settings";

model::ClassifierConfig read_model(fs::path const& file) {
    model::ClassifierConfig config;
    base::OptionTable options;
    describe(options, config);
    base::read_config_file(options, file);
    return config;
}

std::vector<checkpoint::NamedTensor> all_of(checkpoint::SafetensorsFile const& file) {
    std::vector<checkpoint::NamedTensor> tensors;
    for (auto const& entry : file.entries()) tensors.push_back({entry.name, file.read(entry.name)});
    return tensors;
}

BertWeights from_bundle(fs::path const& folder) {
    auto const bundle = checkpoint::open_bundle(folder);
    auto const config = read_model(bundle.model_file());
    batch::ClassifierDataConfig data;
    base::OptionTable options;
    describe(options, data);
    base::read_config_file(options, bundle.data_file());
    base::validate(config.model == "et-bert" && data.inputs == "tokens", ExitCode::usage,
                   "'{}' is no BERT alone (model {}, inputs {}): fine-tune with --inputs tokens to "
                   "get one that other programs know",
                   base::printable(folder.string()), config.model, data.inputs);
    return {config.bert, all_of(bundle.weights), bundle.info.classes, bundle.info.token_settings};
}

BertWeights from_run(fs::path const& folder) {
    checkpoint::Checkpoints const checkpoints(base::local_files(), folder / "checkpoints");
    auto checkpoint = checkpoints.newest();
    base::validate(checkpoint.has_value(), ExitCode::bad_input,
                   "'{}' is neither a bundle nor a run with a whole checkpoint",
                   base::printable(folder.string()));
    auto const best = checkpoint->state.best_step;
    if (best >= 0) checkpoint = checkpoints.open(best);
    return {read_model(folder / model_file).bert,
            all_of(checkpoint->model),
            {},
            checkpoint->state.identity[token_settings_part]};
}

std::string model_toml(model::BertConfig size) {
    base::OptionTable options;
    describe(options, size);
    return options.as_toml(false);
}

}  // namespace

checkpoint::NamedTensor const* BertWeights::find(std::string const& name) const {
    auto const found = std::ranges::find(tensors, name, &checkpoint::NamedTensor::name);
    return found == tensors.end() ? nullptr : &*found;
}

BertWeights read_weights(fs::path const& folder) {
    if (checkpoint::is_bundle(folder)) return from_bundle(folder);
    if (checkpoint::is_bundle(folder / "bundle")) return from_bundle(folder / "bundle");
    return from_run(folder);
}

void write_run(base::FileSystem& files, fs::path const& folder, BertWeights const& weights,
               std::string const& source) {
    base::validate(!fs::exists(folder), ExitCode::usage, "'{}' exists: name another folder",
                   base::printable(folder.string()));
    auto const aside = fs::path(folder).concat(".tmp");
    files.remove(aside);
    std::error_code error;
    fs::create_directories(aside / "checkpoints", error);
    base::validate(!error, ExitCode::environment, "cannot create '{}': {}",
                   base::printable(aside.string()), error.message());
    checkpoint::TrainingState state;
    state.identity = {{token_settings_part, weights.token_settings}, {"source", source}};
    state.build = base::build_info();
    checkpoint::Checkpoints(files, aside / "checkpoints").save(state, weights.tensors, {});
    base::publish(files, aside / model_file, model_toml(weights.size));
    base::publish_folder(files, aside, folder);
}

}  // namespace tessera::interchange
