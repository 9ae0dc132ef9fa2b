#include "packet_sequence_net.hpp"
#include "tiny_batches.hpp"

#include <gtest/gtest.h>
#include <torch/optim/adam.h>

#include <tessera/base/error.hpp>
#include <tessera/model/bert_classifier.hpp>
#include <tessera/model/initial_weights.hpp>

namespace tessera::model {
namespace {

constexpr std::int64_t packets = 6;

void set_packet(batch::ClassifierBatch& batch, std::int64_t flow, std::int64_t packet,
                double direction, double payload, double gap = 0.01, double flags = 24) {
    batch.packets[flow][packet] = torch::tensor({direction, payload, gap, flags});
}

/// Flows that answer first big, then small, or the other way round.
batch::ClassifierBatch flows(std::int64_t count) {
    batch::ClassifierBatch batch;
    batch.packets = torch::zeros({count, packets, batch::packet_columns});
    std::vector<std::int64_t> labels;
    for (std::int64_t flow = 0; flow < count; ++flow) {
        auto const label = flow % 2;
        set_packet(batch, flow, 0, 1, 100 + static_cast<double>(flow % 7));
        set_packet(batch, flow, 1, -1, label == 0 ? 1200 : 60);
        set_packet(batch, flow, 2, -1, label == 0 ? 60 : 1200);
        labels.push_back(label);
        batch.keys.push_back(static_cast<std::uint64_t>(flow));
        batch.lengths.push_back(1);
    }
    batch.tokens = torch::ones({count, 1}, torch::kInt64);
    batch.segments = torch::zeros({count, 1}, torch::kInt64);
    batch.labels = torch::tensor(labels, torch::kInt64);
    batch.labelled = count;
    return batch;
}

batch::ClassifierDataConfig data_of(std::string const& inputs) {
    batch::ClassifierDataConfig data;
    data.inputs = inputs;
    data.sequence_length = 16;
    data.size_packets = packets;
    return data;
}

ClassifierConfig small() {
    ClassifierConfig config;
    config.bert = test::tiny_config();
    config.packets.width = 16;
    return config;
}

std::shared_ptr<Classifier> sizes_alone() {
    auto model = make_classifier(small(), data_of("sizes"), 2);
    model->initialise(3);
    return model;
}

/// Flows told right after 60 steps on them.
std::int64_t right_after_training(Classifier& model, batch::ClassifierBatch const& batch) {
    torch::optim::Adam optimizer(model.parameters(), 3e-3);
    for (int step = 0; step < 60; ++step) {
        optimizer.zero_grad();
        torch::cross_entropy_loss(model.logits(batch), batch.labels).backward();
        optimizer.step();
    }
    model.eval();
    return model.logits(batch).argmax(1).eq(batch.labels).sum().item<std::int64_t>();
}

TEST(PacketSequence, LearnsTheOrderOfSizes) {
    auto const model = sizes_alone();
    // The two kinds hold the same packets: a net that only counted them would stay at 16.
    EXPECT_EQ(right_after_training(*model, flows(32)), 32);
}

std::int64_t odd_from_even_sizes(std::int64_t exact_sizes) {
    auto config = small();
    config.packets.exact_sizes = exact_sizes;
    auto const model = make_classifier(config, data_of("sizes"), 2);
    model->initialise(3);
    auto batch = flows(32);
    // Classes by the last bit of a size: no two sizes that are near belong together.
    for (std::int64_t flow = 0; flow < 32; ++flow) {
        auto const size = 1000 + 8 * (flow / 4) + flow % 2;
        for (std::int64_t packet = 0; packet < 3; ++packet) {
            set_packet(batch, flow, packet, 1, static_cast<double>(size));
        }
    }
    return right_after_training(*model, batch);
}

TEST(PacketSequence, TellsExactSizesApartWhereAsked) {
    EXPECT_EQ(odd_from_even_sizes(1500), 32);
    EXPECT_LT(odd_from_even_sizes(0), 32);
}

TEST(PacketSequence, ASizeNeverSeenSaysNothingOfItself) {
    auto const model = sizes_alone();
    for (auto const& parameter : model->named_parameters()) {
        if (!parameter.key().ends_with("exact_size")) continue;
        EXPECT_EQ(parameter.value().size(0), 2 * 1501);
        EXPECT_EQ(parameter.value().abs().max().item<double>(), 0);
        return;
    }
    FAIL() << "no vectors of sizes";
}

TEST(PacketSequence, AFlowsLogitsDoNotDependOnTheFlowsBesideIt) {
    auto const model = sizes_alone();
    model->eval();
    auto const batch = flows(4);
    auto one = flows(1);
    one.packets = batch.packets.narrow(0, 2, 1);
    EXPECT_LT((model->logits(one)[0] - model->logits(batch)[2]).abs().max().item<double>(), 1e-6);
}

TEST(PacketSequence, EveryColumnCountsAndAbsentPacketsDoNot) {
    auto const model = sizes_alone();
    model->eval();
    auto const batch = flows(1);
    auto const before = model->logits(batch);
    for (std::int64_t column = 0; column < batch::packet_columns; ++column) {
        auto changed = flows(1);
        changed.packets[0][1][column] = column == batch::direction_column ? 1.0 : 2.0;
        EXPECT_FALSE(model->logits(changed).equal(before)) << column;
        if (column == batch::direction_column) continue;
        auto absent = flows(1);
        absent.packets[0][packets - 1][column] = 2.0;
        EXPECT_TRUE(model->logits(absent).equal(before)) << column;
    }
}

TEST(PacketSequence, DropoutIsAFunctionOfSeedAndKey) {
    auto const model = sizes_alone();
    auto batch = flows(2);
    auto const once = model->logits(batch);
    EXPECT_TRUE(once.equal(model->logits(batch)));
    batch.keys[0] = 77;
    auto const other = model->logits(batch);
    EXPECT_FALSE(once[0].equal(other[0]));
    EXPECT_TRUE(once[1].equal(other[1]));
    model->eval();
    EXPECT_FALSE(once.equal(model->logits(batch)));
}

TEST(PacketSequence, StrangeSizesAndGapsStayFinite) {
    auto const model = sizes_alone();
    auto batch = flows(1);
    set_packet(batch, 0, 1, -1, 4294967295.0, 1e10, 255);
    EXPECT_TRUE(model->logits(batch).isfinite().all().item<bool>());
    batch.packets.zero_();
    EXPECT_TRUE(model->logits(batch).isfinite().all().item<bool>());
}

TEST(BertClassifier, AddsTheLogitsOfItsTwoParts) {
    auto const both = make_classifier(small(), data_of("both"), 2);
    both->initialise(3);
    both->eval();
    auto batch = flows(2);
    auto const tokens = test::tiny_classifier_batch({9, 4}, {0, 1});
    batch.tokens = tokens.tokens;
    batch.segments = tokens.segments;
    batch.lengths = tokens.lengths;
    BertClassifier encoder_alone(small().bert, 2);
    encoder_alone->initialise(3);
    encoder_alone->eval();
    auto const sizes = make_classifier(small(), data_of("sizes"), 2);
    sizes->initialise(3);
    sizes->eval();
    auto const sum = encoder_alone->logits(batch) + sizes->logits(batch);
    EXPECT_LT((both->logits(batch) - sum).abs().max().item<double>(), 1e-6);
}

TEST(BertClassifier, SizesAloneHaveNoEncoderToFreeze) {
    EXPECT_THROW(sizes_alone()->freeze_encoder(), base::Error);
}

}  // namespace
}  // namespace tessera::model
