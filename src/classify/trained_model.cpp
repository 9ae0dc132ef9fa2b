#include <torch/utils.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/classify/trained_model.hpp>
#include <tessera/dataset/identity.hpp>

namespace tessera::classify {

namespace {

using base::ExitCode;

std::filesystem::path bundle_at(std::filesystem::path const& path) {
    if (checkpoint::is_bundle(path)) return path;
    base::validate(checkpoint::is_bundle(path / "bundle"), ExitCode::bad_input,
                   "'{}' is no bundle and no run that holds one: there is no bundle.json in it; "
                   "make one with `tessera finetune`",
                   base::printable(path.string()));
    return path / "bundle";
}

void check_tokens(checkpoint::BundleInfo const& info, token::TokenConfig const& token,
                  std::filesystem::path const& folder) {
    auto const identity = dataset::token_identity(token);
    base::validate(identity.settings == info.token_settings, ExitCode::bad_input,
                   "the bundle '{}' was trained on tokens (tokenizer {}, masking {}, {}) that this "
                   "program makes in another way ({}); use the version that wrote it: {}",
                   base::printable(folder.string()), info.tokenizer, info.masking,
                   info.token_settings, identity.settings, info.build.version);
}

std::string title_of(model::ClassifierConfig const& model,
                     batch::ClassifierDataConfig const& data) {
    std::string name = "ET-BERT";
    if (model.model == "deep-packet-cnn") name = "Deep Packet CNN";
    if (model.model == "deep-packet-resnet") name = "Deep Packet ResNet";
    if (model.model == "deep-packet-sae") name = "Deep Packet stacked auto-encoder";
    if (data.inputs == "both") name += " with packet sizes";
    if (data.inputs == "sizes") name = "Packet sizes, directions and times";
    return name + ", " + data.level + " level";
}

/// Weights by name into a module; every name of one must be in the other.
void load_weights(checkpoint::SafetensorsFile const& weights, torch::nn::Module& module) {
    torch::NoGradGuard const no_grad;
    auto tensors = module.named_parameters();
    for (auto const& buffer : module.named_buffers()) tensors.insert(buffer.key(), buffer.value());
    for (auto const& tensor : tensors) weights.read_into(tensor.key(), tensor.value());
    base::validate(tensors.size() == weights.entries().size(), ExitCode::bad_input,
                   "the bundle holds {} tensors, the model that it describes has {}",
                   weights.entries().size(), tensors.size());
}

}  // namespace

TrainedModel::TrainedModel(std::filesystem::path const& path, torch::Device device)
    : device_(device) {
    load(checkpoint::open_bundle(bundle_at(path)));
}

void TrainedModel::load(checkpoint::Bundle const& bundle) {
    info_ = bundle.info;
    base::OptionTable reading_options;
    preprocess::describe_content(reading_options, reading_);
    base::read_config_file(reading_options, bundle.preprocess_file());
    if (!info_.vocabulary.empty()) reading_.token.vocabulary = bundle.vocabulary_file();
    check_tokens(info_, reading_.token, bundle.folder);

    base::OptionTable data_options;
    describe(data_options, data_);
    base::read_config_file(data_options, bundle.data_file());
    check(data_);

    model::ClassifierConfig size;
    base::OptionTable model_options;
    describe(model_options, size);
    base::read_config_file(model_options, bundle.model_file());

    base::validate(!info_.classes.empty(), ExitCode::bad_input, "the bundle '{}' has no classes",
                   base::printable(bundle.folder.string()));
    title_ = title_of(size, data_);
    model_ = model::make_classifier(size, data_, static_cast<std::int64_t>(info_.classes.size()));
    load_weights(bundle.weights, *model_);
    model_->to(device_);
    model_->eval();
}

std::vector<float> TrainedModel::probabilities(batch::ClassifierBatch const& batch) {
    torch::InferenceMode const inference;
    auto const logits = model_->logits(batch::to_device(batch, device_));
    auto const shares =
        torch::softmax(logits.to(torch::kFloat) / info_.temperature, 1).cpu().contiguous();
    auto const* first = shares.data_ptr<float>();
    return {first, first + shares.numel()};
}

}  // namespace tessera::classify
