#include "split_groups.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include <tessera/base/random.hpp>

namespace tessera {
namespace {

using dataset::Fold;

TEST(SpreadGroups, BringsEachClassToEachFoldItsGroupsAllow) {
    std::map<std::string, dataset::ClassCounts> groups;
    for (int i = 0; i < 10; ++i) groups["web" + std::to_string(i)] = {{0, 50}};
    for (int i = 0; i < 3; ++i) groups["mail" + std::to_string(i)] = {{1, 10}};
    groups["chat0"] = {{2, 7}};
    groups["chat1"] = {{2, 7}};
    groups["once"] = {{3, 1}};
    auto const folds = dataset::spread_groups(groups, {0.7, 0.1, 0.2}, 1);
    std::map<std::int32_t, std::map<Fold, int>> found;
    for (auto const& [name, fold] : folds) ++found[groups[name].begin()->first][fold];
    EXPECT_EQ(found[0], (std::map<Fold, int>{{Fold::train, 7}, {Fold::valid, 1}, {Fold::test, 2}}));
    EXPECT_EQ(found[1], (std::map<Fold, int>{{Fold::train, 1}, {Fold::valid, 1}, {Fold::test, 1}}));
    EXPECT_EQ(found[2], (std::map<Fold, int>{{Fold::train, 1}, {Fold::test, 1}}));
    EXPECT_EQ(found[3], (std::map<Fold, int>{{Fold::train, 1}}));
}

/// Captures as collections have them: 12 classes, sizes from 20 to 3,000 flows.
std::map<std::string, dataset::ClassCounts> unequal_captures() {
    base::RandomStream random(5, base::Purpose::test, 0, 0);
    std::map<std::string, dataset::ClassCounts> groups;
    for (int i = 0; i < 124; ++i) {
        auto const doublings = static_cast<double>(random.below(1000)) / 1000 * 7.2;
        auto const flows = static_cast<std::uint64_t>(20 * std::exp2(doublings));
        groups["capture" + std::to_string(i)] = {{i % 12, flows}};
    }
    return groups;
}

std::set<std::string> in_fold(std::map<std::string, Fold> const& folds, Fold wanted) {
    std::set<std::string> names;
    for (auto const& [name, fold] : folds) {
        if (fold == wanted) names.insert(name);
    }
    return names;
}

TEST(SpreadGroups, DealsUnequalCapturesOutAnewForEachSeed) {
    auto const groups = unequal_captures();
    auto const first = dataset::spread_groups(groups, {0.7, 0.1, 0.2}, 1);
    for (std::uint64_t seed = 2; seed <= 6; ++seed) {
        auto const folds = dataset::spread_groups(groups, {0.7, 0.1, 0.2}, seed);
        auto const moved = std::count_if(folds.begin(), folds.end(), [&](auto const& group) {
            return first.at(group.first) != group.second;
        });
        // Drawn one by one, 1 - 0.7^2 - 0.1^2 - 0.2^2 = 46 % would stand in other folds.
        EXPECT_GT(moved, 30) << seed;
        EXPECT_NE(in_fold(folds, Fold::test), in_fold(first, Fold::test)) << seed;
    }
}

TEST(SpreadGroups, KeepsSharesOfUnequalCapturesNearWhatWasAsked) {
    auto const groups = unequal_captures();
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::map<Fold, double> share;
        std::map<std::int32_t, std::set<Fold>> reached;
        double total = 0;
        for (auto const& [name, fold] : dataset::spread_groups(groups, {0.7, 0.1, 0.2}, seed)) {
            auto const [label, flows] = *groups.at(name).begin();
            share[fold] += static_cast<double>(flows);
            total += static_cast<double>(flows);
            reached[label].insert(fold);
        }
        EXPECT_NEAR(share[Fold::train] / total, 0.7, 0.1) << seed;
        EXPECT_NEAR(share[Fold::valid] / total, 0.1, 0.07) << seed;
        EXPECT_NEAR(share[Fold::test] / total, 0.2, 0.1) << seed;
        for (auto const& [label, folds] : reached) EXPECT_EQ(folds.size(), 3U) << label;
    }
}

// Of a class in three captures each fold gets one, whichever comes first.
TEST(SpreadGroups, KeepsTheLastGroupsOfAClassForFoldsWithoutIt) {
    std::map<std::string, dataset::ClassCounts> const groups{
        {"small", {{0, 1}}}, {"large", {{0, 1000}}}, {"tiny", {{0, 2}}}};
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::set<Fold> reached;
        for (auto const& [name, fold] : dataset::spread_groups(groups, {0.7, 0.1, 0.2}, seed)) {
            reached.insert(fold);
        }
        EXPECT_EQ(reached.size(), 3U) << seed;
    }
}

TEST(LineUpGroups, LeavesSomethingToTrainOn) {
    auto const folds = [](std::size_t count) {
        std::map<std::string, dataset::ClassCounts> groups;
        for (std::size_t i = 0; i < count; ++i) groups["run" + std::to_string(i)] = {};
        std::string text;
        for (auto const& [name, fold] : dataset::line_up_groups(groups, {0.7, 0.1, 0.2})) {
            text += dataset::name(fold)[1];  // r, a or e
        }
        return text;
    };
    EXPECT_EQ(folds(1), "r");
    EXPECT_EQ(folds(2), "re");
    EXPECT_EQ(folds(3), "rae");
    EXPECT_EQ(folds(10), "rrrrrrraee");
}

}  // namespace
}  // namespace tessera
