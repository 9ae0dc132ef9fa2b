#include "made_flows.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/baseline/trees.hpp>
#include <tessera/evaluate/make_report.hpp>

namespace tessera::evaluate {
namespace {

using testing::HasSubstr;

/// 60 flows of each class in a capture of their own, three runs; class i speaks to port 1000 + i in
/// runs 1 and 2, so that the port gives it away, and to port 9 in run 3.
test::MadeUnit runs() {
    test::MadeUnit unit;
    for (int run = 0; run < 3; ++run) {
        for (int label = 0; label < 3; ++label) {
            unit.captures.push_back(fmt::format("run{}/class{}.pcap", run, label));
            for (int i = 0; i < 60; ++i) {
                auto const port = static_cast<std::uint16_t>(run < 2 ? 1000 + label : 9);
                auto flow = test::flow_between(
                    test::endpoint_v4(1, static_cast<std::uint16_t>(20'000 + i)),
                    test::endpoint_v4(static_cast<std::uint8_t>(10 + label), port));
                auto const size = static_cast<std::uint32_t>(100 * (label + 1) + i);
                test::add_packet(flow, flow::Direction::forward, i, {1, 2, 3}, size);
                test::add_packet(flow, flow::Direction::backward, i + 1, {4, 5}, 2 * size);
                unit.flows.push_back(
                    {flow, static_cast<std::uint32_t>(unit.captures.size() - 1), {label}});
            }
        }
    }
    return unit;
}

/// Four look-ups, logistic regression, shuffled labels, and two kinds of trees twice.
std::size_t controls_of_this_build() {
    return baseline::has_trees() ? 10 : 6;
}

class MakeReport : public testing::Test {
  protected:
    MakeReport()
        : store_((test::write_store(base::local_files(), scratch_.path(), {runs()},
                                    test::three_classes()),
                  dataset::open_store(scratch_.path()))),
          split_(dataset::make_split(store_, by_run())) {}

    static dataset::SplitConfig by_run() {
        dataset::SplitConfig config;
        config.by = "folder";
        config.train = 1.0 / 3;
        config.valid = 1.0 / 3;
        config.test = 1.0 / 3;
        return config;
    }

    /// What a model that is always right would say.
    baseline::Predictions right_answers() const {
        auto const fold = baseline::examples(store_, 0, split_.flows(dataset::Fold::test), 2);
        baseline::Predictions all;
        all.classes = fold.classes;
        all.captures = fold.captures;
        for (auto const& item : fold.items) {
            std::vector<float> row(3, 0.0F);
            row[static_cast<std::size_t>(item.label)] = 1;
            all.add(item.capture, item.flow, item.label, row);
        }
        return all;
    }

    test::Scratch scratch_;
    dataset::Store store_;
    dataset::Split split_;
};

TEST_F(MakeReport, ExamplesHoldEndpointsAndSignedSizes) {
    std::vector<std::uint64_t> const flows{61};  // the second flow of class 1
    auto const all = baseline::examples(store_, 0, flows, 3);
    ASSERT_EQ(all.items.size(), 1U);
    EXPECT_EQ(all.items[0].label, 1);
    EXPECT_EQ(all.items[0].responder, test::endpoint_v4(11, 1001));
    EXPECT_EQ(all.captures[all.items[0].capture], "run0/class1.pcap");
    EXPECT_THAT(all.sizes, testing::ElementsAre(201, -402, 0));
}

TEST_F(MakeReport, GradesModelAndControlsOnTheSameItems) {
    auto const report =
        make_report({store_, split_, 0}, {"oracle", "flow", right_answers()}, {}, {});
    EXPECT_EQ(report.model.scores.labels.accuracy, 1);
    EXPECT_EQ(report.model.scores.items, 180U);
    ASSERT_EQ(report.controls.size(), controls_of_this_build());
    EXPECT_NEAR(report.controls[0].scores.labels.accuracy, 1.0 / 3, 1e-12) << "majority";
    EXPECT_EQ(report.controls[2].scores.labels.accuracy, 1)
        << "servers have addresses of their own";
    EXPECT_GT(report.controls[3].scores.labels.accuracy, 0.9) << "sizes tell the classes apart";
    for (auto const& control : report.controls) {
        // 180 flows of three classes: chance is 0.33 with a deviation of 0.035.
        if (control.name == "shuffled_labels") {
            EXPECT_LT(control.scores.labels.accuracy, 0.5);
        } else if (control.name == "boosted_trees" || control.name == "logistic_regression") {
            EXPECT_GT(control.scores.labels.accuracy, 0.9) << control.name;
        }
    }
    EXPECT_TRUE(report.votes.empty());

    auto const written = nlohmann::json::parse(report_json(report));
    EXPECT_THAT(written["headline"].get<std::string>(),
                HasSubstr("A control does as well or better: server look-up"));
    EXPECT_EQ(written["split"]["by"], "folder");
    EXPECT_EQ(written["split"]["flows"]["test"], 180);
    EXPECT_EQ(written["packets"]["dropped"]["not_ip"], 9);
    EXPECT_EQ(written["provenance"]["store_checksum"], store_.manifest().checksum);
}

TEST_F(MakeReport, GradesPacketsByVotesToo) {
    auto packets = right_answers();
    auto const flows = packets.size();
    for (std::size_t i = 0; i < flows; ++i) {
        auto const row = std::vector<float>(packets.row(i).begin(), packets.row(i).end());
        packets.add(packets.capture[i], packets.flow[i], packets.labels[i], row);
    }
    auto const report =
        make_report({store_, split_, 0}, {"oracle", "packet", std::move(packets)}, {}, {});
    EXPECT_EQ(report.model.scores.items, 2 * flows);
    EXPECT_EQ(report.controls[0].scores.items, 2 * flows);
    ASSERT_EQ(report.votes.size(), 1U);
    EXPECT_EQ(report.votes[0].scores.items, flows);
}

TEST_F(MakeReport, RefusesAModelOfOtherClasses) {
    auto answers = right_answers();
    answers.classes[0] = "another";
    EXPECT_THROW(make_report({store_, split_, 0}, {"oracle", "flow", answers}, {}, {}),
                 base::Error);
}

TEST_F(MakeReport, ControlsAloneNameTheStrongest) {
    auto const report = control_report({store_, split_, 0}, {}, {});
    EXPECT_EQ(report.model.name, "server_lookup");
    EXPECT_EQ(report.controls.size(), controls_of_this_build() - 1);
    EXPECT_THAT(headline(report).text, testing::StartsWith("Strongest control: server look-up"));
}

TEST_F(MakeReport, ClassesHeldOutAreSetAgainstTheKnown) {
    auto config = by_run();
    config.hold_out = {"web"};
    auto const split = dataset::make_split(store_, config);
    auto answers = right_answers();
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (answers.labels[i] != 2) continue;  // unsure where it was never taught
        answers.probabilities[3 * i] = 0.4F;
        answers.probabilities[3 * i + 1] = 0.35F;
        answers.probabilities[3 * i + 2] = 0.25F;
        answers.predicted[i] = 0;
    }
    auto const report = make_report({store_, split, 0}, {"oracle", "flow", answers}, {}, {});
    EXPECT_EQ(report.model.scores.items, 120U);
    EXPECT_EQ(report.model.scores.labels.accuracy, 1);
    ASSERT_TRUE(report.unknown.has_value());
    EXPECT_EQ(report.unknown->known_items, 120U);
    EXPECT_EQ(report.unknown->unknown_items, 60U);
    EXPECT_EQ(report.unknown->auroc, 1);
    EXPECT_EQ(report.unknown->false_positives_at_95, 0);
    for (auto const& control : report.controls) EXPECT_EQ(control.scores.items, 120U);

    auto const controls = control_report({store_, split, 0}, {}, {});
    EXPECT_EQ(controls.model.scores.items, 120U);
    EXPECT_EQ(controls.unknown->unknown_items, 60U);
    EXPECT_EQ(controls.notes.size(), baseline::has_trees() ? 1U : 2U);
}

TEST(EvaluateConfig, RefusesWhatMakesNoInterval) {
    baseline::Predictions const none;
    EXPECT_THROW(bootstrap_config({0, "flow", 0.95, 1}, none), base::Error);
    EXPECT_THROW(bootstrap_config({10, "flow", 1.0, 1}, none), base::Error);
    EXPECT_EQ(bootstrap_config({10, "capture", 0.9, 1}, none).cluster, Cluster::capture);
}

}  // namespace
}  // namespace tessera::evaluate
