#include "classifier_bundle.hpp"

#include "background_save.hpp"
#include "snapshot.hpp"

#include <tessera/base/files.hpp>
#include <tessera/base/log.hpp>
#include <tessera/checkpoint/bundle.hpp>

namespace tessera::train {

namespace {

std::string data_toml(FinetuneConfig config) {
    base::OptionTable options;
    describe(options, config.data);
    return section_toml(options, "data");
}

std::map<std::string, std::string> provenance_of(FinetuneConfig const& config,
                                                 RunIdentity const& identity,
                                                 checkpoint::TrainingState const& state) {
    auto const step = state.best_step >= 0 ? state.best_step : state.step;
    return {{"run", config.loop.run.string()},
            {"init", config.init},
            {"store", config.loop.store.string()},
            {"store_checksum", identity.identity.at("store")},
            {"split", config.split},
            {"split_checksum", identity.identity.at("split")},
            {"seed", std::to_string(config.loop.seed)},
            {"step", std::to_string(step)},
            {"valid_macro_f1", state.best_step >= 0 ? fmt::format("{}", state.best_score) : ""}};
}

}  // namespace

void publish_bundle(FinetuneConfig const& config, RunIdentity const& identity,
                    dataset::Store const& store, dataset::LabelSet const& labels,
                    torch::nn::Module const& model, Calibration const& calibration,
                    checkpoint::TrainingState const& state) {
    auto const& manifest = store.manifest();
    checkpoint::BundleInfo const info{.task = config.data.level,
                                      .label_set = labels.name,
                                      .classes = labels.classes,
                                      .tokenizer = manifest.identity.tokenizer.name,
                                      .masking = manifest.identity.masking,
                                      .token_settings = manifest.identity.settings,
                                      .sequence_length = config.data.sequence_length,
                                      .temperature = calibration.temperature,
                                      .unknown_below = calibration.unknown_below,
                                      .provenance = provenance_of(config, identity, state),
                                      .build = base::build_info(),
                                      .preprocess_toml = manifest.config,
                                      .model_toml = identity.model_toml,
                                      .data_toml = data_toml(config)};
    checkpoint::write_bundle(base::local_files(), config.bundle, info, copied(weights_of(model)));
    base::log_info("bundle in '{}'", base::printable(config.bundle.string()));
}

}  // namespace tessera::train
