#include <algorithm>

#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/json.hpp>
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
constexpr auto tokenizer_part = "tokenizer";
constexpr auto classes_part = "classes";

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
    return {.size = config.bert,
            .tensors = all_of(bundle.weights),
            .classes = bundle.info.classes,
            .token_settings = bundle.info.token_settings,
            .tokenizer = bundle.info.tokenizer,
            .vocabulary = bundle.info.vocabulary};
}

/// Of an imported classifier; a run that was trained here has none, its bundle has.
std::vector<std::string> classes_of(checkpoint::Identity& identity) {
    auto const& names = identity[classes_part];
    if (names.empty()) return {};
    return base::parse_json<nlohmann::json>(names).get<std::vector<std::string>>();
}

BertWeights from_run(fs::path const& folder) {
    checkpoint::Checkpoints const checkpoints(base::local_files(), folder / "checkpoints");
    auto checkpoint = checkpoints.newest();
    base::validate(checkpoint.has_value(), ExitCode::bad_input,
                   "'{}' is neither a bundle nor a run with a whole checkpoint",
                   base::printable(folder.string()));
    auto const best = checkpoint->state.best_step;
    if (best >= 0) checkpoint = checkpoints.open(best);
    auto& identity = checkpoint->state.identity;
    BertWeights weights{.size = read_model(folder / model_file).bert,
                        .tensors = all_of(checkpoint->model),
                        .classes = classes_of(identity),
                        .token_settings = identity[token_settings_part]};
    if (!identity[tokenizer_part].empty()) weights.tokenizer = identity[tokenizer_part];
    return weights;
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
    state.identity = {{token_settings_part, weights.token_settings},
                      {tokenizer_part, weights.tokenizer},
                      {"source", source}};
    if (!weights.classes.empty()) {
        state.identity[classes_part] = nlohmann::json(weights.classes).dump();
    }
    state.build = base::build_info();
    checkpoint::Checkpoints(files, aside / "checkpoints").save(state, weights.tensors, {});
    base::publish(files, aside / model_file, model_toml(weights.size));
    base::publish_folder(files, aside, folder);
}

}  // namespace tessera::interchange
