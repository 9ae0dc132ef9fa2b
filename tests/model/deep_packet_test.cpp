// Deep Packet's nets against the reference's own numbers (munhouiani/Deep-Packet, float32).
// Tolerances as measured there against a float64 rerun, see the reference's notes.
#include "packet_cnn.hpp"
#include "packet_resnet.hpp"
#include "reference_tensors.hpp"
#include "scratch.hpp"
#include "short_convolution.hpp"

#include <gtest/gtest.h>
#include <torch/optim/adam.h>
#include <torch/utils.h>

#include <tessera/base/error.hpp>
#include <tessera/batch/special.hpp>
#include <tessera/model/packet_sae.hpp>

namespace tessera::model {
namespace {

using namespace test;

/// Our name of a parameter or buffer in the reference's words.
std::string reference_name(std::string name) {
    static std::vector<std::pair<std::string, std::string>> const parts = {
        {"block", "conv1.0.basicblock_list."},
        {"first_norm.", "conv1.0.first_block_bn."},
        {"first.", "conv1.0.first_block_conv.conv."},
        {"last_norm.", "conv1.0.final_bn."},
        {"dense.", "conv1.0.dense."},
        {"tail.output.", "out."},
        {"tail.hidden1.", "fc1.0."},
        {"tail.hidden2.", "fc2.0."},
        {"tail.hidden3.", "fc3.0."},
        {".norm1.", ".bn1."},
        {".norm2.", ".bn2."},
        {".convolution1.", ".conv1.conv."},
        {".convolution2.", ".conv2.conv."},
        {"convolution1.", "conv1.0."},
        {"convolution2.", "conv2.0."},
    };
    for (auto const& [ours, theirs] : parts) {
        if (auto const at = name.find(ours); at != std::string::npos) {
            name.replace(at, ours.size(), theirs);
        }
    }
    return name;
}

struct Case {
    char const* file;
    DeepPacketTask task;
    std::int64_t channels2;  ///< 0: the residual net
    std::int64_t classes;
    char const* labels;

    bool is_resnet() const { return channels2 == 0; }
};

std::shared_ptr<Classifier> make(Case const& wanted) {
    if (wanted.is_resnet()) {
        return std::make_shared<PacketResnetImpl>(PacketResnetConfig(wanted.task), wanted.classes);
    }
    PacketCnnConfig config(wanted.task);
    config.channels1 = 4;
    config.channels2 = wanted.channels2;
    return std::make_shared<PacketCnnImpl>(config, wanted.classes);
}

class DeepPacket : public testing::TestWithParam<Case> {
  protected:
    void SetUp() override {
        if (!shared_folder()) GTEST_SKIP() << "no reference tensors here";
        auto const folder = *shared_folder() / "reference";
        file.emplace(folder / (std::string("deeppacket_") + GetParam().file + ".safetensors"));
        SafetensorsFixture const batch(folder / "deeppacket_batch.safetensors");
        packets = floats_of(batch, "x");
        labels = integers_of(batch, GetParam().labels);
        model = make(GetParam());
        load();
    }

    void load() {
        torch::NoGradGuard const no_gradient;
        for (auto const& item : model->named_parameters()) {
            item.value().copy_(floats_of(*file, "weight." + reference_name(item.key())));
        }
        for (auto const& item : model->named_buffers()) {
            auto const name = "weight." + reference_name(item.key());
            item.value().copy_(file->dtype(name) == "I64" ? integers_of(*file, name)
                                                          : floats_of(*file, name));
        }
    }

    torch::Tensor logits() {
        if (auto* net = dynamic_cast<PacketCnnImpl*>(model.get())) {
            return net->logits_of(packets, nullptr);
        }
        return dynamic_cast<PacketResnetImpl&>(*model).logits_of(packets, nullptr);
    }

    torch::Tensor loss() { return torch::cross_entropy_loss(logits(), labels); }

    double gradient_tolerance(std::string const& name) const {
        if (!GetParam().is_resnet()) return 1e-6;
        return name.find("convolution") != std::string::npos && name.ends_with("bias") ? 1e-4
                                                                                       : 2e-5;
    }

    std::optional<SafetensorsFixture> file;
    torch::Tensor packets;
    torch::Tensor labels;
    std::shared_ptr<Classifier> model;
};

TEST_P(DeepPacket, ForwardAndLoss) {
    model->eval();
    EXPECT_LT(largest_difference(logits(), floats_of(*file, "out.logits_eval_mode")), 1e-5);
    EXPECT_NEAR(loss().item<double>(), file->floats("out.loss_eval_mode")[0], 1e-5);
    model->train();
    EXPECT_LT(largest_difference(logits(), floats_of(*file, "out.logits_train_mode")), 1e-5);
}

TEST_P(DeepPacket, InferenceGivesTheSameNumbers) {
    auto* net = dynamic_cast<PacketCnnImpl*>(model.get());
    if (net == nullptr) return;
    model->eval();
    torch::InferenceMode const inference;
    EXPECT_LT(largest_difference(net->inferred(packets), floats_of(*file, "out.logits_eval_mode")),
              1e-5);
}

TEST_P(DeepPacket, GradientsAndRunningStatistics) {
    model->train();
    auto const value = loss();
    EXPECT_NEAR(value.item<double>(), file->floats("out.loss_train_mode")[0], 1e-5);
    value.backward();
    int compared = 0;
    for (auto const& item : model->named_parameters()) {
        auto const name = "grad." + reference_name(item.key());
        if (!file->contains(name)) continue;  // the norm that the reference never uses
        ++compared;
        EXPECT_LT(largest_difference(item.value().grad(), floats_of(*file, name)),
                  gradient_tolerance(item.key()))
            << item.key();
    }
    EXPECT_EQ(compared, GetParam().is_resnet() ? 46 : 12);
    for (auto const& item : model->named_buffers()) {
        auto const name = "buffer_after." + reference_name(item.key());
        auto const theirs =
            file->dtype(name) == "I64" ? integers_of(*file, name) : floats_of(*file, name);
        EXPECT_TRUE(torch::allclose(item.value(), theirs, 1e-5, 1e-6)) << item.key();
    }
}

TEST_P(DeepPacket, FiveStepsOfAdam) {
    model->train();
    torch::optim::Adam optimizer(model->parameters(), torch::optim::AdamOptions(1e-3));
    for (std::size_t step = 0; step < 5; ++step) {
        optimizer.zero_grad();
        auto const value = loss();
        EXPECT_NEAR(value.item<double>(), file->floats("step5.losses")[step], 2e-5) << step;
        value.backward();
        optimizer.step();
    }
    std::int64_t far = 0;
    std::int64_t all = 0;
    for (auto const& item : model->named_parameters()) {
        auto const name = "step5." + reference_name(item.key());
        if (!file->contains(name)) continue;
        // A bias before a batch norm has no true gradient: Adam makes steps of its rounding noise.
        if (GetParam().is_resnet() && item.key().find("norm") == std::string::npos &&
            item.key().ends_with("bias")) {
            continue;
        }
        auto const apart = (item.value() - floats_of(*file, name)).abs();
        EXPECT_LT(apart.max().item<double>(), GetParam().is_resnet() ? 1e-3 : 5e-5) << item.key();
        far += apart.gt(2e-5).sum().item<std::int64_t>();
        all += apart.numel();
    }
    EXPECT_LT(static_cast<double>(far), 0.05 * static_cast<double>(all));
}

INSTANTIATE_TEST_SUITE_P(
    Reference, DeepPacket,
    testing::Values(Case{"cnn_app", DeepPacketTask::application, 2, 17, "y_app"},
                    Case{"cnn_traffic", DeepPacketTask::traffic, 3, 12, "y_traffic"},
                    Case{"resnet_app", DeepPacketTask::application, 0, 17, "y_app"},
                    Case{"resnet_traffic", DeepPacketTask::traffic, 0, 12, "y_traffic"}),
    [](auto const& test) { return std::string(test.param.file); });

std::int64_t parameters_of(torch::nn::Module const& model) {
    std::int64_t count = 0;
    for (auto const& parameter : model.parameters()) count += parameter.numel();
    return count;
}

/// As the released models count them.
TEST(DeepPacketSizes, AreThoseOfTheReference) {
    EXPECT_EQ(parameters_of(PacketCnnImpl(PacketCnnConfig(DeepPacketTask::application), 17)),
              10'107'417);
    EXPECT_EQ(parameters_of(PacketCnnImpl(PacketCnnConfig(DeepPacketTask::traffic), 12)),
              3'507'362);
    EXPECT_EQ(parameters_of(PacketResnetImpl(PacketResnetConfig(DeepPacketTask::application), 17)),
              36'809);
    EXPECT_EQ(parameters_of(PacketResnetImpl(PacketResnetConfig(DeepPacketTask::traffic), 12)),
              38'618);
}

TEST(ShortConvolution, IsTheConvolution) {
    for (std::int64_t const kernel : {1, 3, 4, 5}) {
        torch::manual_seed(static_cast<std::uint64_t>(kernel));
        auto const weight = torch::randn({6, 40, kernel}) / 15;  // sums of the size of 1
        ShortConvolution const convolution(weight);
        for (std::int64_t const outputs : {1, 4, 6, 31}) {
            auto const rows = torch::rand({convolution.inputs_for(outputs), 40});
            auto const expected = at::conv1d(rows.t().unsqueeze(0), weight)[0].t();
            EXPECT_LT(
                largest_difference(convolution(rows, outputs), expected.narrow(0, 0, outputs)),
                5e-6)
                << kernel << " " << outputs;
        }
    }
    EXPECT_THROW(ShortConvolution(torch::zeros({1, 1, 6})), base::Error);
}

/// Where a packet ends decides how far inference computes: every length must come out alike.
TEST(PacketCnnInference, ComputesPacketsOfAnyLengthAsTheNetDoes) {
    for (auto const task : {DeepPacketTask::application, DeepPacketTask::traffic}) {
        PacketCnnConfig config(task);
        config.channels1 = 8;
        config.channels2 = 6;
        PacketCnnImpl net(config, 5);
        net.initialise(3);
        net.eval();
        std::vector<std::int64_t> const lengths{0,    1,    2,    3,    4,    5,    6,    7,   11,
                                                12,   13,   40,   64,   747,  748,  749,  750, 1000,
                                                1480, 1488, 1494, 1495, 1496, 1498, 1499, 1500};
        auto packets = torch::zeros({static_cast<std::int64_t>(lengths.size()), 1, packet_bytes});
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            packets[static_cast<std::int64_t>(i)][0].narrow(0, 0, lengths[i]).uniform_(0.01, 1);
        }
        torch::InferenceMode const inference;
        EXPECT_LT(largest_difference(net.inferred(packets), net.logits_of(packets, nullptr)), 1e-5);
    }
}

batch::Sequences sequences_of(std::vector<std::int64_t> const& ids) {
    batch::Sequences sequences;
    sequences.tokens = torch::zeros({1, packet_sequence_length}, torch::kInt64);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        sequences.tokens[0][static_cast<std::int64_t>(i)] = ids[i];
    }
    sequences.lengths = {static_cast<std::int64_t>(ids.size())};
    sequences.keys = {0};
    return sequences;
}

std::vector<float> scaled(std::vector<int> const& bytes) {
    std::vector<float> values(packet_bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) values[i] = static_cast<float>(bytes[i]) / 255;
    return values;
}

void expect_bytes(torch::Tensor const& found, std::vector<int> const& bytes) {
    EXPECT_TRUE(torch::allclose(found.flatten(), torch::tensor(scaled(bytes)), 0, 1e-7));
}

TEST(PacketBytes, ComeBackFromBytesAndFromBigrams) {
    using batch::token_offset;
    auto const from_bytes = sequences_of(
        {batch::cls_id, 69 + token_offset, 0 + token_offset, 255 + token_offset, batch::sep_id});
    expect_bytes(packet_bytes_of(from_bytes, ByteTokens::bytes), {69, 0, 255});
    auto const from_bigrams =
        sequences_of({batch::cls_id, 69 * 256 + 0 + token_offset, 0 * 256 + 255 + token_offset,
                      255 * 256 + 7 + token_offset, batch::sep_id});
    expect_bytes(packet_bytes_of(from_bigrams, ByteTokens::bigrams), {69, 0, 255, 7});
    expect_bytes(packet_bytes_of(sequences_of({batch::cls_id, batch::sep_id}), ByteTokens::bigrams),
                 {});
}

TEST(PacketSae, LayersLearnToCodeTheirInputsOneAfterTheOther) {
    PacketSaeImpl stack(3, ByteTokens::bytes);
    stack.initialise(5);
    std::vector<std::int64_t> shapes;
    for (auto const& item : stack.named_parameters()) {
        if (item.key().ends_with("weight")) shapes.push_back(item.value().size(0));
    }
    EXPECT_EQ(shapes, (std::vector<std::int64_t>{400, 300, 200, 100, 50, 3}));

    std::vector<std::int64_t> ids{batch::cls_id};
    for (std::int64_t i = 0; i < 200; ++i) ids.push_back(batch::token_offset + i % 251);
    ids.push_back(batch::sep_id);
    auto const packet = sequences_of(ids);
    for (std::size_t depth = 0; depth < 2; ++depth) {
        auto const before = stack.named_parameters()["hidden2.weight"].clone();
        auto const coder = stack.coder_of(depth, 5);
        torch::optim::Adam optimizer(coder->parameters(), 1e-3);
        auto const x = stack.inputs_of(depth, packet).detach();
        auto const first = coder->errors(x).item<double>();
        for (int step = 0; step < 40; ++step) {
            optimizer.zero_grad();
            coder->errors(x).sum().backward();
            optimizer.step();
        }
        EXPECT_LT(coder->errors(x).item<double>(), first / 4) << depth;
        stack.take(depth, *coder);
        EXPECT_EQ(stack.named_parameters()["hidden2.weight"].equal(before), depth == 0);
    }
}

}  // namespace
}  // namespace tessera::model
