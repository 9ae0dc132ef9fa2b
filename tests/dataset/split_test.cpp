#include "made_flows.hpp"
#include "scratch.hpp"
#include "split_request.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/dataset/split.hpp>

namespace tessera {
namespace {

using dataset::Fold;
using dataset::Split;
using dataset::SplitConfig;
using dataset::Store;

/// A store of random flows, some of them cut in two parts with one 5-tuple.
class SplitTest : public testing::Test {
  protected:
    SplitTest() {
        auto units = test::random_units(11, 3, 120);
        for (auto& unit : units) {
            for (std::size_t i = 0; i < 20; ++i) {
                auto again = unit.flows[i];
                for (auto& packet : again.flow.packets) packet.time += 1'000'000'000'000;
                unit.flows.push_back(again);
            }
        }
        test::write_store(base::local_files(), scratch_.path(), units, test::three_classes());
        store_ = dataset::open_store(scratch_.path());
    }

    template <class Group>
    void expect_whole_groups(Split const& split, Group const& group_of) {
        std::map<decltype(group_of(store_.flow(0))), Fold> sides;
        for (std::uint64_t i = 0; i < store_.flows(); ++i) {
            if (split.fold_of(i) == Fold::excluded) continue;
            auto const [side, is_new] = sides.emplace(group_of(store_.flow(i)), split.fold_of(i));
            EXPECT_EQ(side->second, split.fold_of(i)) << "flow " << i;
        }
    }

    test::Scratch scratch_;
    Store store_;
};

TEST_F(SplitTest, PutsNoGroupOnTwoSides) {
    auto const key = [](dataset::FlowView const& flow) { return flow.key(); };
    auto const capture = [](dataset::FlowView const& flow) { return flow.capture; };
    auto const client = [](dataset::FlowView const& flow) { return flow.initiator.address; };
    auto const server = [](dataset::FlowView const& flow) { return flow.responder.address; };
    auto const folder = [&](dataset::FlowView const& flow) {
        return store_.manifest().captures[flow.capture].path.substr(0, 4);
    };
    auto const part = [](dataset::FlowView const& flow) {
        return std::pair(flow.capture, flow.key());
    };
    expect_whole_groups(dataset::make_split(store_, by("flow")), key);
    expect_whole_groups(dataset::make_split(store_, by("capture")), capture);
    expect_whole_groups(dataset::make_split(store_, by("folder")), folder);
    expect_whole_groups(dataset::make_split(store_, by("time")), part);
    expect_whole_groups(dataset::make_split(store_, by("client")), client);
    expect_whole_groups(dataset::make_split(store_, by("server")), server);
    expect_whole_groups(dataset::make_split(store_, by("site")), folder);
}

TEST_F(SplitTest, SharesFlowsOutByTheFractions) {
    for (auto const* what : {"flow", "client"}) {
        auto const split = dataset::make_split(store_, by(what));
        auto const total = static_cast<double>(store_.flows() - split.counts[3]);
        EXPECT_NEAR(static_cast<double>(split.counts[0]) / total, 0.7, 0.1) << what;
        EXPECT_NEAR(static_cast<double>(split.counts[1]) / total, 0.1, 0.06) << what;
        EXPECT_NEAR(static_cast<double>(split.counts[2]) / total, 0.2, 0.1) << what;
    }
}

TEST_F(SplitTest, FollowsTheSeedAndNothingElse) {
    for (auto const* what : {"flow", "capture", "folder", "site", "client", "server", "time"}) {
        auto config = by(what);
        EXPECT_EQ(dataset::make_split(store_, config).folds(),
                  dataset::make_split(store_, config).folds());
    }
    auto other = by("flow");
    other.seed = 2;
    EXPECT_NE(dataset::make_split(store_, by("flow")).folds(),
              dataset::make_split(store_, other).folds());
}

TEST_F(SplitTest, TestsOnOtherCapturesForAnotherSeed) {
    std::set<std::vector<std::uint64_t>> tests;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        auto config = by("capture");
        config.seed = seed;
        tests.insert(dataset::make_split(store_, config).flows(Fold::test));
    }
    EXPECT_GT(tests.size(), 1U);
}

TEST_F(SplitTest, GoesByNoSeedWhereOrderOrTimeDecides) {
    for (auto const* what : {"folder", "time"}) {
        auto other = by(what);
        other.seed = 2;
        EXPECT_EQ(dataset::make_split(store_, by(what)).folds(),
                  dataset::make_split(store_, other).folds());
    }
}

// The rule as FORMAT.md words it, written down a second time.
TEST_F(SplitTest, ComputesTheFoldOfAFlowAsTheFormatSays) {
    auto const split = dataset::make_split(store_, by("flow"));
    for (std::uint64_t i = 0; i < store_.flows(); ++i) {
        auto const flow = store_.flow(i);
        std::string text(1, static_cast<char>(flow.protocol));
        auto ends = std::array{flow.initiator, flow.responder};
        if (ends[1] < ends[0]) std::swap(ends[0], ends[1]);
        for (auto const& end : ends) {
            text.append(end.address.bytes.begin(), end.address.bytes.end());
            text += static_cast<char>(end.port % 256);
            text += static_cast<char>(end.port / 256);
        }
        auto const share = static_cast<double>(base::hash64(std::as_bytes(std::span(text)), 1)) /
                           18'446'744'073'709'551'616.0;
        auto const fold = share < 0.7 ? Fold::train : share < 0.7 + 0.1 ? Fold::valid : Fold::test;
        EXPECT_EQ(split.fold_of(i), fold);
    }
}

TEST_F(SplitTest, PutsTrainBeforeValidBeforeTestInTime) {
    auto const split = dataset::make_split(store_, by("time"));
    auto const starts = [&](Fold fold) {
        std::set<base::Nanoseconds> times;
        for (auto const i : split.flows(fold)) times.insert(store_.flow(i).first);
        return times;
    };
    EXPECT_LT(*starts(Fold::train).rbegin(), *starts(Fold::valid).begin());
    EXPECT_LT(*starts(Fold::valid).rbegin(), *starts(Fold::test).begin());
    EXPECT_GT(split.counts[3], 0U) << "flows cut in two should stand across a cut";
}

TEST_F(SplitTest, LeakyLegacyDrawsPacketsAndTheAuditShowsIt) {
    auto split = dataset::make_split(store_, by("leaky-legacy"));
    auto const& audit = split.audit.pairs.at(1);
    EXPECT_GT(audit.flows.shared, audit.flows.second / 2) << "flows stand on both sides";
    std::array const folds{Fold::train, Fold::valid, Fold::test};
    std::array<std::uint64_t, 3> packets{};
    for (std::uint64_t packet = 0; packet < store_.packets(); ++packet) {
        int sides = 0;
        for (std::size_t i = 0; i < folds.size(); ++i) {
            auto const is_here = split.packets_in(folds.at(i))(packet);
            packets.at(i) += is_here ? 1U : 0U;
            sides += is_here ? 1 : 0;
        }
        ASSERT_EQ(sides, 1) << packet;
    }
    EXPECT_NEAR(static_cast<double>(packets[0]) / static_cast<double>(store_.packets()), 0.7, 0.05);
    for (auto const flow : split.flows(Fold::test)) {
        auto const view = store_.flow(flow);
        auto const in_test = split.packets_in(Fold::test);
        bool found = false;
        for (std::uint64_t i = 0; i < view.packets; ++i) {
            found = found || in_test(view.first_packet + i);
        }
        EXPECT_TRUE(found) << flow;
    }
    EXPECT_FALSE(dataset::make_split(store_, by("flow")).packets_in(Fold::test));
    dataset::publish_split(base::local_files(), store_, split);
    EXPECT_EQ(dataset::load_split(store_, "default").flows(Fold::test), split.flows(Fold::test));
}

TEST_F(SplitTest, HoldsAClassOutOfTraining) {
    auto config = by("capture");
    config.hold_out = {"shell"};
    auto const split = dataset::make_split(store_, config);
    auto const whole = dataset::make_split(store_, by("capture"));
    EXPECT_EQ(split.classes.at("shell"),
              (std::array<std::uint64_t, 3>{0, 0, whole.classes.at("shell")[2]}));
    EXPECT_EQ(split.classes.at("web"), whole.classes.at("web"));
    EXPECT_EQ(split.counts[3], whole.classes.at("shell")[0] + whole.classes.at("shell")[1]);
    config.hold_out = {"no such class"};
    EXPECT_THROW(dataset::make_split(store_, config), base::Error);
    EXPECT_NO_THROW(dataset::require_held_out_of(split, store_, 0));
    auto of_others = split;
    of_others.config.label_set = "other";
    EXPECT_THROW(dataset::require_held_out_of(of_others, store_, 0), base::Error);
}

TEST_F(SplitTest, KeepsAShareOfEachClassToTrainOn) {
    auto config = by("capture");
    config.label_share = 0.1;
    auto const split = dataset::make_split(store_, config);
    auto const whole = dataset::make_split(store_, by("capture"));
    for (auto const& [name, flows] : split.classes) {
        auto const all = whole.classes.at(name);
        EXPECT_EQ(flows[0], (all[0] + 9) / 10) << name;
        EXPECT_EQ(flows[1], all[1]);
        EXPECT_EQ(flows[2], all[2]);
    }
    config.label_share = 0;
    EXPECT_THROW(dataset::make_split(store_, config), base::Error);
}

TEST_F(SplitTest, RefusesAShareOfLabelsWhereThereAreNone) {
    test::Scratch scratch;
    auto units = test::random_units(11, 3, 120);
    for (auto& unit : units) {
        for (auto& flow : unit.flows) flow.labels.clear();
    }
    test::write_store(base::local_files(), scratch.path(), units, {});
    auto config = by("flow");
    auto const store = dataset::open_store(scratch.path());
    EXPECT_NO_THROW(dataset::make_split(store, config));
    config.label_share = 0.1;
    try {
        dataset::make_split(store, config);
        FAIL();
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::usage);
        EXPECT_THAT(error.what(), testing::HasSubstr("label_share 0.1 needs a store with labels"));
    }
}

// The second part of a cut flow may begin with the responder; it still goes with the first.
TEST_F(SplitTest, KeepsPartsOfAFlowTogetherByTheirFirstPart) {
    test::Scratch scratch;
    test::MadeUnit unit{{"a.pcap"}, {}};
    for (std::uint8_t host = 1; host < 40; ++host) {
        auto flow = test::flow_between(test::endpoint_v4(host, 5000), test::endpoint_v4(99, 53));
        test::add_packet(flow, flow::Direction::forward, host, {1, 2}, 60);
        unit.flows.push_back({flow, 0, {0}});
        flow.low_sent_first = !flow.low_sent_first;
        unit.flows.push_back({flow, 0, {0}});
    }
    test::write_store(base::local_files(), scratch.path(), {unit}, test::three_classes());
    auto const store = dataset::open_store(scratch.path());
    auto const split = dataset::make_split(store, by("client"));
    EXPECT_EQ(split.audit.pairs.at(1).flows.shared, 0U);
    EXPECT_EQ(split.groups.size(), 39U);
    for (std::uint64_t i = 0; i < store.flows(); i += 2) {
        EXPECT_EQ(split.fold_of(i), split.fold_of(i + 1));
    }
}

TEST_F(SplitTest, SaysInHowManyGroupsAMissingClassIs) {
    test::Scratch scratch;
    test::MadeUnit unit{{"a.pcap", "b.pcap", "c.pcap"}, {}};
    for (std::uint32_t i = 0; i < 30; ++i) {
        auto flow = test::flow_between(test::endpoint_v4(1, static_cast<std::uint16_t>(5000 + i)),
                                       test::endpoint_v4(2, 53));
        test::add_packet(flow, flow::Direction::forward, i, {1, 2}, 60);
        unit.flows.push_back({flow, i % 3, {i % 3 == 0 ? 1 : 2}});
    }
    test::write_store(base::local_files(), scratch.path(), {unit}, test::three_classes());
    auto const split = dataset::make_split(dataset::open_store(scratch.path()), by("capture"));
    std::map<std::string, std::uint64_t> groups;
    for (auto const& missing : split.missing) groups[missing.class_name] = missing.groups;
    EXPECT_EQ(groups.at("mail"), 0U);
    EXPECT_EQ(groups.at("shell"), 1U);
    EXPECT_EQ(groups.at("web"), 2U);
}

TEST_F(SplitTest, LinesFoldersUpInOrder) {
    auto const split = dataset::make_split(store_, by("folder"));
    EXPECT_EQ(split.groups,
              (std::map<std::string, Fold>{
                  {"run1", Fold::train}, {"run2", Fold::valid}, {"run3", Fold::test}}));
}

TEST_F(SplitTest, ComesBackFromItsFile) {
    for (auto const* what : {"flow", "capture", "folder", "site", "client", "server", "time"}) {
        auto made = dataset::make_split(store_, by(what, what));
        dataset::publish_split(base::local_files(), store_, made);
        auto const loaded = dataset::load_split(store_, what);
        EXPECT_EQ(loaded.folds(), made.folds());
        EXPECT_EQ(loaded.counts, made.counts);
        EXPECT_EQ(loaded.classes, made.classes);
        EXPECT_EQ(loaded.groups, made.groups);
        EXPECT_EQ(loaded.checksum, made.checksum);
        EXPECT_EQ(dataset::to_json(store_, loaded), dataset::to_json(store_, made));
    }
    EXPECT_EQ(dataset::split_names(scratch_.path()),
              (std::vector<std::string>{"capture", "client", "flow", "folder", "server", "site",
                                        "time"}));
}

TEST_F(SplitTest, GoesToAnotherRankAsAByteAFlow) {
    for (auto const* what : {"flow", "capture", "client", "time", "leaky-legacy"}) {
        auto config = by(what);
        if (std::string(what) == "capture") config.hold_out = {"shell"};
        auto made = dataset::make_split(store_, config);
        dataset::publish_split(base::local_files(), store_, made, dataset::Overwrite::yes);
        auto const text = dataset::to_text(made);
        EXPECT_LT(text.size(), store_.flows() + 500);
        auto const received = dataset::split_from(text);
        EXPECT_EQ(received.folds(), made.folds()) << what;
        EXPECT_EQ(received.counts, made.counts) << what;
        EXPECT_EQ(received.checksum, made.checksum) << what;
        EXPECT_EQ(received.config.hold_out, made.config.hold_out) << what;
        for (auto const fold : {Fold::train, Fold::valid, Fold::test}) {
            EXPECT_EQ(received.flows(fold), made.flows(fold)) << what;
            auto const asked = made.packets_in(fold);
            if (asked) {
                EXPECT_EQ(received.packets_in(fold)(7), asked(7));
            }
        }
    }
}

TEST_F(SplitTest, IsNotOverwrittenUnlessForced) {
    auto split = dataset::make_split(store_, by("flow"));
    dataset::publish_split(base::local_files(), store_, split);
    EXPECT_THROW(dataset::publish_split(base::local_files(), store_, split), base::Error);
    dataset::publish_split(base::local_files(), store_, split, dataset::Overwrite::yes);
}

TEST_F(SplitTest, BelongsToOneStore) {
    auto split = dataset::make_split(store_, by("flow"));
    dataset::publish_split(base::local_files(), store_, split);
    test::Scratch other;
    test::write_store(base::local_files(), other.path(), test::random_units(12, 3, 120),
                      test::three_classes());
    std::filesystem::create_directory(other / "splits");
    std::filesystem::copy(scratch_ / "splits/default.json", other / "splits/default.json");
    EXPECT_THROW(dataset::load_split(dataset::open_store(other.path()), "default"), base::Error);
}

TEST_F(SplitTest, RefusesWhatCannotBeMet) {
    EXPECT_THROW(dataset::make_split(store_, by("packet")), base::Error);
    EXPECT_THROW(dataset::make_split(store_, by("flow", "../x")), base::Error);
    auto fractions = by("flow");
    fractions.test = 0.5;
    EXPECT_THROW(dataset::make_split(store_, fractions), base::Error);
    auto set = by("flow");
    set.label_set = "absent";
    EXPECT_THROW(dataset::make_split(store_, set), base::Error);
    test::Scratch one;
    test::write_store(base::local_files(), one.path(),
                      {{{"a.pcap"}, {{test::example_flow(), 0, {}}}}}, {});
    EXPECT_THROW(dataset::make_split(dataset::open_store(one.path()), by("capture")), base::Error);
}

TEST_F(SplitTest, RefusesFoldsThatLetAFlowLeak) {
    // 140 flow records a unit; the last 20 are later parts of its first 20.
    std::vector<Fold> folds;
    for (std::uint64_t i = 0; i < store_.flows(); ++i) {
        folds.push_back(i % 140 < 120 ? Fold::train : Fold::test);
    }
    auto const audit = dataset::audit_folds(store_, folds);
    EXPECT_EQ(audit.pairs.at(1).flows.shared, 60U);
    try {
        dataset::refuse_leaks(store_, folds, audit);
        FAIL();
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::bad_input);
        EXPECT_THAT(error.what(), testing::HasSubstr("stands in train and in test"));
    }
}

}  // namespace
}  // namespace tessera
