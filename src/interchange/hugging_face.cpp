#include "bert_names.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/json.hpp>
#include <tessera/base/log.hpp>
#include <tessera/batch/special.hpp>
#include <tessera/interchange/hugging_face.hpp>

namespace tessera::interchange {
namespace {

namespace fs = std::filesystem;
using base::ExitCode;
using Json = nlohmann::ordered_json;

constexpr auto weights_name = "model.safetensors";
constexpr auto config_name = "config.json";
constexpr std::size_t longest_config = std::size_t{16} << 20U;  // bytes

std::vector<NamePair> pairs_of(model::BertConfig const& size, bool classifies) {
    auto pairs = hugging_face_encoder(size.layers);
    auto const heads =
        classifies ? hugging_face_classifier() : hugging_face_pretraining(size.tied_embeddings);
    pairs.insert(pairs.end(), heads.begin(), heads.end());
    return pairs;
}

std::vector<checkpoint::NamedTensor> their_tensors(BertWeights const& weights) {
    std::vector<checkpoint::NamedTensor> tensors;
    for (auto const& pair : pairs_of(weights.size, !weights.classes.empty())) {
        auto const* ours = weights.find(pair.ours);
        base::validate(ours != nullptr, ExitCode::bad_input, "the model has no tensor '{}'",
                       pair.ours);
        auto const whole = pair.vocabulary_rows ? ours->tensor.narrow(0, 0, weights.size.vocabulary)
                                                : ours->tensor;
        auto const parts = whole.chunk(static_cast<std::int64_t>(pair.theirs.size()));
        for (std::size_t i = 0; i < parts.size(); ++i) {
            tensors.push_back({pair.theirs[i], parts[i].contiguous()});
        }
        // The bias has a second name there, which is one tensor only where the weights are tied.
        if (pair.ours == "masked.bias" && !weights.size.tied_embeddings) {
            tensors.push_back({"cls.predictions.decoder.bias", parts[0].contiguous()});
        }
    }
    return tensors;
}

Json config_of(BertWeights const& weights) {
    auto const& size = weights.size;
    auto const classifies = !weights.classes.empty();
    Json config{
        {"architectures", {classifies ? "BertForSequenceClassification" : "BertForPreTraining"}},
        {"model_type", "bert"},
        {"hidden_act", "gelu"},
        {"hidden_size", size.hidden},
        {"num_hidden_layers", size.layers},
        {"num_attention_heads", size.heads},
        {"intermediate_size", size.feed_forward},
        {"vocab_size", size.vocabulary},
        {"max_position_embeddings", size.positions},
        {"type_vocab_size", size.segments},
        {"layer_norm_eps", size.layer_norm_eps},
        {"hidden_dropout_prob", size.dropout},
        {"attention_probs_dropout_prob", size.attention_dropout},
        {"tie_word_embeddings", size.tied_embeddings},
        {"pad_token_id", batch::pad_id}};
    for (std::size_t i = 0; i < weights.classes.size(); ++i) {
        config["id2label"][std::to_string(i)] = weights.classes[i];
        config["label2id"][weights.classes[i]] = i;
    }
    config["tessera_token_settings"] = weights.token_settings;
    config["tessera_tokenizer"] = weights.tokenizer;
    return config;
}

/// Pieces of a vocabulary file, one a line behind our special ones. A file has special ones too, at
/// ids that nothing here uses: under other names they do not hide ours.
std::string pieces_text(std::string const& vocabulary) {
    std::string text;
    std::istringstream lines(vocabulary);
    std::size_t unused = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with('\r')) line.pop_back();
        auto const special = std::ranges::find(special_tokens, line) != special_tokens.end();
        text += special ? fmt::format("[hidden{}]", unused++) : line;
        text += '\n';
    }
    return text;
}

/// Ids of bytes as two hex digits, of bigrams as four.
std::string numbers_text(std::int64_t count, int digits) {
    std::string text;
    for (std::int64_t token = 0; token < count; ++token) {
        text += fmt::format("{:0{}x}\n", token, digits);
    }
    return text;
}

/// vocab.txt, a token a line; nothing where the pieces are not known.
std::optional<std::string> vocabulary_text(BertWeights const& weights) {
    auto const wordpiece = weights.tokenizer == "wordpiece";
    if (wordpiece && weights.vocabulary.empty()) return std::nullopt;
    std::string text;
    for (auto const* token : special_tokens) text += fmt::format("{}\n", token);
    if (wordpiece) return text + pieces_text(weights.vocabulary);
    return text + numbers_text(weights.size.vocabulary - batch::token_offset,
                               weights.tokenizer == "byte" ? 2 : 4);
}

model::BertConfig size_of(Json const& config) {
    model::BertConfig size;
    base::validate(config.value("hidden_act", "gelu") == "gelu" &&
                       config.value("position_embedding_type", "absolute") == "absolute",
                   ExitCode::bad_input,
                   "config.json asks for another activation or position embedding than BERT's: "
                   "only gelu and absolute are computed");
    size.hidden = config.at("hidden_size");
    size.layers = config.at("num_hidden_layers");
    size.heads = config.at("num_attention_heads");
    size.feed_forward = config.at("intermediate_size");
    size.vocabulary = config.at("vocab_size");
    size.positions = config.at("max_position_embeddings");
    size.segments = config.at("type_vocab_size");
    size.layer_norm_eps = config.value("layer_norm_eps", 1e-12);
    size.dropout = config.value("hidden_dropout_prob", 0.1);
    size.attention_dropout = config.value("attention_probs_dropout_prob", 0.1);
    size.tied_embeddings = config.value("tie_word_embeddings", true);
    check(size);
    return size;
}

/// Names of the classes; those that config.json does not name are called by their numbers.
std::vector<std::string> classes_of(Json const& config, std::int64_t count) {
    std::map<std::size_t, std::string> by_number;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        by_number[i] = fmt::format("LABEL_{}", i);
    }
    auto const names = config.value("id2label", Json::object());
    for (auto const& [number, name] : names.items()) {
        by_number.at(std::stoul(number)) = name;
    }
    std::vector<std::string> classes;
    for (auto const& [number, name] : by_number) classes.push_back(name);
    return classes;
}

/// A file may leave "bert." out, as BertModel alone does.
std::string name_in(checkpoint::SafetensorsFile const& file, std::string const& name) {
    constexpr std::string_view prefix = "bert.";
    if (!file.contains(name) && name.starts_with(prefix)) return name.substr(prefix.size());
    return name;
}

checkpoint::NamedTensor our_tensor(checkpoint::SafetensorsFile const& file, NamePair const& pair,
                                   model::BertConfig const& size) {
    std::vector<torch::Tensor> parts;
    for (auto const& name : pair.theirs) {
        parts.push_back(file.read(name_in(file, name)).to(torch::kFloat));
    }
    auto whole = torch::cat(parts);
    if (pair.vocabulary_rows) {
        base::validate(whole.size(0) == size.vocabulary, ExitCode::bad_input,
                       "tensor '{}' has {} rows, config.json says {} ids", pair.theirs.front(),
                       whole.size(0), size.vocabulary);
        whole = padded_rows(whole, size.padded_vocabulary());
    }
    return {pair.ours, whole};
}

BertWeights read_folder(fs::path const& folder) {
    auto const config =
        base::parse_json<Json>(base::read_text(folder / config_name, longest_config));
    checkpoint::SafetensorsFile const file(folder / weights_name);
    BertWeights weights{.size = size_of(config),
                        .tensors = {},
                        .classes = {},
                        .token_settings = config.value("tessera_token_settings", ""),
                        .tokenizer = config.value("tessera_tokenizer", "bigram")};
    auto const classifies = file.contains("classifier.weight");
    if (classifies) weights.classes = classes_of(config, file.read("classifier.weight").size(0));
    auto pairs = hugging_face_encoder(weights.size.layers);
    if (classifies || file.contains("cls.predictions.bias")) {
        pairs = pairs_of(weights.size, classifies);
    }
    for (auto const& pair : pairs) weights.tensors.push_back(our_tensor(file, pair, weights.size));
    return weights;
}

}  // namespace

void export_hugging_face(base::FileSystem& files, fs::path const& folder,
                         BertWeights const& weights) {
    base::validate(weights.size.layer_norm == "standard", ExitCode::usage,
                   "Hugging Face has no unbiased layer norm as ET-BERT's code does: the exported "
                   "model would compute something else");
    base::validate(!fs::exists(folder), ExitCode::usage, "'{}' exists: name another folder",
                   base::printable(folder.string()));
    auto const aside = fs::path(folder).concat(".tmp");
    files.remove(aside);
    std::error_code error;
    fs::create_directories(aside, error);
    base::validate(!error, ExitCode::environment, "cannot create '{}': {}",
                   base::printable(aside.string()), error.message());
    checkpoint::write_safetensors(files, aside / weights_name, their_tensors(weights),
                                  {{"format", "pt"}});
    base::publish(files, aside / config_name, config_of(weights).dump(2) + "\n");
    if (auto const vocabulary = vocabulary_text(weights)) {
        base::publish(files, aside / "vocab.txt", *vocabulary);
    } else {
        base::log_warning(
            "no vocab.txt: a run does not hold the vocabulary of its tokenizer; export a bundle");
    }
    base::publish_folder(files, aside, folder);
}

BertWeights import_hugging_face(fs::path const& folder) {
    try {
        return read_folder(folder);
    } catch (nlohmann::json::exception const& fault) {
        base::fail(ExitCode::bad_input, "'{}' is no config.json of a BERT: {}",
                   base::printable((folder / config_name).string()), fault.what());
    } catch (std::logic_error const&) {
        base::fail(ExitCode::bad_input, "'{}': id2label numbers its classes in another way",
                   base::printable((folder / config_name).string()));
    }
}

}  // namespace tessera::interchange
