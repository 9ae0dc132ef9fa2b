#include "classifier_bundle.hpp"

#include "background_save.hpp"
#include "snapshot.hpp"

#include <tessera/base/files.hpp>
#include <tessera/base/log.hpp>
#include <tessera/checkpoint/bundle.hpp>
#include <tessera/dataset/vocabulary.hpp>

namespace tessera::train {

namespace {

std::string data_toml(FinetuneConfig config) {
    base::OptionTable options;
    describe(options, config.data);
    return section_toml(options, "data");
}

std::map<std::string, std::string> provenance_of(FinishedRun const& finished) {
    auto const& [config, identity, store, labels, calibration, state, test_flows_seen] = finished;
    auto const step = state.best_step >= 0 ? state.best_step : state.step;
    return {{"run", config.loop.run.string()},
            {"init", config.init},
            {"init_weights", identity.identity.at("initial weights")},
            {"init_saw_test_flows", test_flows_seen ? std::to_string(*test_flows_seen) : "unknown"},
            {"store", config.loop.store.string()},
            {"store_checksum", identity.identity.at("store")},
            {"split", config.split},
            {"split_checksum", identity.identity.at("split")},
            {"seed", std::to_string(config.loop.seed)},
            {"step", std::to_string(step)},
            {"valid_macro_f1", state.best_step >= 0 ? fmt::format("{}", state.best_score) : ""}};
}

}  // namespace

void publish_bundle(FinishedRun const& run, torch::nn::Module const& model) {
    auto const& config = run.config;
    auto const& manifest = run.store.manifest();
    checkpoint::BundleInfo const info{
        .task = config.data.level,
        .label_set = run.labels.name,
        .classes = run.labels.classes,
        .tokenizer = manifest.identity.tokenizer.name,
        .masking = manifest.identity.masking,
        .token_settings = manifest.identity.settings,
        .sequence_length = config.data.sequence_length,
        .temperature = run.calibration.temperature,
        .unknown_below = run.calibration.unknown_below,
        .provenance = provenance_of(run),
        .build = base::build_info(),
        .preprocess_toml = manifest.config,
        .model_toml = run.identity.model_toml,
        .data_toml = data_toml(config),
        .vocabulary = dataset::read_vocabulary(run.store.path(), manifest.identity.tokenizer)};
    checkpoint::write_bundle(base::local_files(), config.bundle, info, copied(weights_of(model)));
    base::log_info("bundle in '{}'", base::printable(config.bundle.string()));
}

}  // namespace tessera::train
