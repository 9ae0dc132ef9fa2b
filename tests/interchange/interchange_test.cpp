#include "bert_names.hpp"

#include <cstdlib>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <scratch.hpp>
#include <tiny_batches.hpp>
#include <torch/utils.h>

#include <tessera/base/error.hpp>
#include <tessera/interchange/hugging_face.hpp>
#include <tessera/interchange/uer.hpp>
#include <tessera/model/bert_classifier.hpp>
#include <tessera/model/initial_weights.hpp>
#include <tessera/model/pretrain_model.hpp>

namespace tessera::interchange {
namespace {

namespace fs = std::filesystem;
using test::Scratch;

BertWeights weights_of(torch::nn::Module& module, std::vector<std::string> classes) {
    BertWeights weights{test::tiny_config(), {}, std::move(classes), "tokens"};
    for (auto const& item : module.named_parameters()) {
        weights.tensors.push_back({item.key(), item.value().detach().clone()});
    }
    return weights;
}

model::PretrainModel pretrain_model() {
    model::PretrainModel model(test::tiny_config());
    model::initialise(*model, 7, 0.1);
    model->eval();
    return model;
}

model::BertClassifier classifier() {
    model::BertClassifier model(test::tiny_config(), 3);
    model::initialise(*model, 7, 0.1);
    model->eval();
    return model;
}

/// The interpreter with Hugging Face's library that the benches use, where it is installed.
std::optional<fs::path> hugging_face() {
    auto const* given = std::getenv("XDG_CACHE_HOME");
    auto const* home = std::getenv("HOME");
    if (given == nullptr && home == nullptr) return std::nullopt;
    auto const cache = given != nullptr ? fs::path(given) : fs::path(home) / ".cache";
    auto const python = cache / "tessera/bench-python/bin/python";
    return fs::exists(python) ? std::optional(python) : std::nullopt;
}

int exit_code_of_peer(fs::path const& folder, fs::path const& expected) {
    auto const command = "'" + hugging_face()->string() +
                         "' '" TESSERA_SOURCE_DIR "/tests/interchange/hugging_face_peer.py' '" +
                         folder.string() + "' '" + expected.string() + "'";
    return std::system(command.c_str());
}

torch::Tensor mask_of(batch::Sequences const& batch) {
    auto mask = torch::zeros_like(batch.tokens);
    for (std::int64_t b = 0; b < batch.size(); ++b) {
        mask[b].narrow(0, 0, batch.lengths[static_cast<std::size_t>(b)]).fill_(1);
    }
    return mask;
}

void save(fs::path const& file, batch::Sequences const& batch,
          std::vector<checkpoint::NamedTensor> numbers) {
    numbers.push_back({"tokens", batch.tokens});
    numbers.push_back({"segments", batch.segments});
    numbers.push_back({"mask", mask_of(batch)});
    checkpoint::write_safetensors(base::local_files(), file, numbers);
}

TEST(HuggingFace, ComputesTheLogitsOfAnExportedClassifier) {
    if (!hugging_face()) GTEST_SKIP() << "no Hugging Face here (tests/bench)";
    Scratch const folder;
    auto model = classifier();
    export_hugging_face(base::local_files(), folder / "bert",
                        weights_of(*model, {"mail", "shell", "web"}));
    auto const batch = test::tiny_classifier_batch({9, 4, 16}, {0, 1, 2});
    torch::NoGradGuard const no_gradient;
    save(folder / "expected.safetensors", batch, {{"logits", model->logits(batch).contiguous()}});
    EXPECT_EQ(exit_code_of_peer(folder / "bert", folder / "expected.safetensors"), 0);
}

TEST(HuggingFace, ComputesTheLogitsOfAnExportedPretrainingRun) {
    if (!hugging_face()) GTEST_SKIP() << "no Hugging Face here (tests/bench)";
    Scratch const folder;
    auto model = pretrain_model();
    export_hugging_face(base::local_files(), folder / "bert", weights_of(*model, {}));
    auto const batch = test::tiny_pretrain_batch({9, 4, 16});
    torch::NoGradGuard const no_gradient;
    model->encoder()->set_kernels(model::Kernels::library);
    auto const encoded = model->encoder()->forward(batch);
    auto const places = torch::arange(batch.tokens.numel());
    auto const masked = model->masked_logits(encoded, places)
                            .view({batch.size(), batch.width(), test::tiny_config().vocabulary});
    save(folder / "expected.safetensors", batch,
         {{"masked", masked.contiguous()},
          {"same_origin", model->same_origin_logits(encoded).contiguous()}});
    EXPECT_EQ(exit_code_of_peer(folder / "bert", folder / "expected.safetensors"), 0);
}

void expect_same(BertWeights const& ours, BertWeights const& back) {
    auto const rows = ours.size.vocabulary;
    ASSERT_EQ(back.tensors.size(), ours.tensors.size());
    for (auto const& [name, tensor] : ours.tensors) {
        auto const* other = back.find(name);
        ASSERT_NE(other, nullptr) << name;
        ASSERT_EQ(other->tensor.sizes(), tensor.sizes()) << name;
        auto const padded = tensor.size(0) == ours.size.padded_vocabulary();
        auto const count = padded ? rows : tensor.size(0);
        EXPECT_TRUE(other->tensor.narrow(0, 0, count).equal(tensor.narrow(0, 0, count))) << name;
    }
}

TEST(HuggingFace, GivesEveryWeightBack) {
    Scratch const folder;
    for (auto const tied : {true, false}) {
        auto config = test::tiny_config();
        config.tied_embeddings = tied;
        model::PretrainModel model(config);
        model::initialise(*model, 7, 0.1);
        auto weights = weights_of(*model, {});
        weights.size = config;
        auto const name = tied ? "tied" : "not tied";
        export_hugging_face(base::local_files(), folder / name, weights);
        auto const back = import_hugging_face(folder / name);
        expect_same(weights, back);
        EXPECT_EQ(back.size.tied_embeddings, tied);
        EXPECT_EQ(back.token_settings, "tokens");
    }
}

TEST(HuggingFace, AClassifierKeepsItsClasses) {
    Scratch const folder;
    auto model = classifier();
    auto const weights = weights_of(*model, {"mail", "shell", "web"});
    export_hugging_face(base::local_files(), folder / "bert", weights);
    auto const back = import_hugging_face(folder / "bert");
    expect_same(weights, back);
    EXPECT_EQ(back.classes, weights.classes);
}

TEST(HuggingFace, AnImportedClassifierGoesOutAgainAsItCame) {
    Scratch const folder;
    auto model = classifier();
    export_hugging_face(base::local_files(), folder / "bert",
                        weights_of(*model, {"mail", "shell \"x\"", "web"}));
    write_run(base::local_files(), folder / "run", import_hugging_face(folder / "bert"), "bert");
    export_hugging_face(base::local_files(), folder / "again", read_weights(folder / "run"));
    for (auto const* name : {"model.safetensors", "config.json", "vocab.txt"}) {
        EXPECT_EQ(base::read_text(folder / "again" / name), base::read_text(folder / "bert" / name))
            << name;
    }
}

std::string exported_vocabulary(fs::path const& folder, BertWeights const& weights) {
    export_hugging_face(base::local_files(), folder, weights);
    return fs::exists(folder / "vocab.txt") ? base::read_text(folder / "vocab.txt") : "none";
}

TEST(HuggingFace, TheVocabularyIsThatOfTheTokenizer) {
    Scratch const folder;
    auto model = classifier();
    auto weights = weights_of(*model, {"mail", "shell", "web"});
    std::string const special = "[PAD]\n[CLS]\n[SEP]\n[MASK]\n[UNK]\n";
    EXPECT_TRUE(exported_vocabulary(folder / "bigrams", weights).starts_with(special + "0000\n"));
    weights.tokenizer = "byte";
    EXPECT_TRUE(exported_vocabulary(folder / "bytes", weights).starts_with(special + "00\n01\n"));
    weights.tokenizer = "wordpiece";
    EXPECT_EQ(exported_vocabulary(folder / "unknown", weights), "none");
    weights.vocabulary = "[CLS]\n4500\n##ff\r\n";
    EXPECT_EQ(exported_vocabulary(folder / "pieces", weights), special + "[hidden0]\n4500\n##ff\n");
}

TEST(HuggingFace, RefusesWhatItWouldComputeInAnotherWay) {
    Scratch const folder;
    auto model = pretrain_model();
    auto weights = weights_of(*model, {});
    weights.size.layer_norm = "unbiased";
    EXPECT_THROW(export_hugging_face(base::local_files(), folder / "bert", weights), base::Error);
    EXPECT_FALSE(fs::exists(folder / "bert"));
    fs::create_directory(folder / "odd");
    std::ofstream(folder / "odd/config.json") << R"({"hidden_act": "relu"})";
    EXPECT_THROW(import_hugging_face(folder / "odd"), base::Error);
}

TEST(Run, IsReadAsItWasWritten) {
    Scratch const folder;
    auto model = pretrain_model();
    auto const weights = weights_of(*model, {});
    write_run(base::local_files(), folder / "run", weights, "somewhere");
    auto const back = read_weights(folder / "run");
    expect_same(weights, back);
    EXPECT_EQ(back.size.hidden, weights.size.hidden);
    EXPECT_EQ(back.token_settings, "tokens");
    EXPECT_THROW(write_run(base::local_files(), folder / "run", weights, "again"), base::Error);
}

/// A .bin file as PyTorch's writes it, made by PyTorch itself.
void make_uer_file(fs::path const& folder) {
    std::ofstream(folder / "make.py") << R"(
import sys, torch
torch.manual_seed(3)
hidden, rows = 16, len(open(sys.argv[1] + '/vocab.txt').read().split('\n')) - 1
state = {'embedding.word_embedding.weight': torch.randn(rows, hidden),
         'embedding.position_embedding.weight': torch.randn(20, hidden),
         'embedding.segment_embedding.weight': torch.randn(3, hidden),
         'embedding.layer_norm.gamma': torch.randn(hidden), 'embedding.layer_norm.beta': torch.randn(hidden)}
at = 'encoder.transformer.0.'
for name, shape in [(f'self_attn.linear_layers.{i}', (hidden, hidden)) for i in range(3)] + [
        ('self_attn.final_linear', (hidden, hidden)), ('feed_forward.linear_1', (32, hidden)),
        ('feed_forward.linear_2', (hidden, 32))]:
    state[at + name + '.weight'], state[at + name + '.bias'] = torch.randn(shape), torch.randn(shape[0])
for name in ('layer_norm_1', 'layer_norm_2'):
    state[at + name + '.gamma'], state[at + name + '.beta'] = torch.randn(hidden), torch.randn(hidden)
torch.save(state, sys.argv[1] + '/model.bin')
from safetensors.torch import save_file
save_file(state, sys.argv[1] + '/model.safetensors')
)";
    auto const command = "'" + hugging_face()->string() + "' '" + (folder / "make.py").string() +
                         "' '" + folder.string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
}

TEST(Uer, ImportsWhatPyTorchWroteRowByRow) {
    if (!hugging_face()) GTEST_SKIP() << "no PyTorch here (tests/bench)";
    Scratch const folder;
    // Line numbers are ids: 5 is 4500 whole, 00ff is cut into 00 and ##ff.
    std::ofstream(folder / "vocab.txt") << "[PAD]\n[SEP]\n[CLS]\n[UNK]\n[MASK]\n4500\n00\n##ff\n";
    ASSERT_NO_FATAL_FAILURE(make_uer_file(folder.path()));
    auto const weights = import_uer(folder / "model.bin", folder / "vocab.txt", 4);
    checkpoint::SafetensorsFile const theirs(folder / "model.safetensors");
    auto const words = theirs.read("embedding.word_embedding.weight");
    auto const& ours = weights.find("encoder.embedding.token")->tensor;
    EXPECT_TRUE(ours[1].equal(words[2]));           // [CLS]
    EXPECT_TRUE(ours[2].equal(words[1]));           // [SEP]
    EXPECT_TRUE(ours[5 + 0x4500].equal(words[5]));  // a whole bigram
    EXPECT_TRUE(torch::allclose(ours[5 + 0x00ff], (words[6] + words[7]) / 2));
    EXPECT_TRUE(ours[5 + 0x1234].equal(words[3]));  // [UNK]
    auto const segments = theirs.read("embedding.segment_embedding.weight");
    EXPECT_TRUE(weights.find("encoder.embedding.segment")->tensor.equal(segments.narrow(0, 1, 2)));
    auto const key = theirs.read("encoder.transformer.0.self_attn.linear_layers.1.weight");
    EXPECT_TRUE(weights.find("encoder.layer0.qkv.weight")->tensor.narrow(0, 16, 16).equal(key));
    EXPECT_EQ(weights.size.heads, 4);
    EXPECT_EQ(weights.size.layers, 1);
    EXPECT_EQ(weights.size.layer_norm, "unbiased");
    model::BertEncoder encoder(weights.size);  // every name and shape fits a model
    for (auto const& item : encoder->named_parameters()) {
        auto const* tensor = weights.find("encoder." + item.key());
        ASSERT_NE(tensor, nullptr) << item.key();
        EXPECT_EQ(tensor->tensor.sizes(), item.value().sizes()) << item.key();
    }
}

}  // namespace
}  // namespace tessera::interchange
