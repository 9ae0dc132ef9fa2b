// Each finding, provoked by facts made up for it.
#include "folder.hpp"
#include "gpu.hpp"
#include "launch.hpp"
#include "libraries.hpp"
#include "limits.hpp"
#include "links.hpp"
#include "merge.hpp"
#include "network.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::doctor {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

auto is(Level level, std::string const& words) {
    return AllOf(Field(&Finding::level, level), Field(&Finding::cause, HasSubstr(words)));
}

auto no_fault() {
    return Each(Field(&Finding::level, testing::Ne(Level::fault)));
}

/// A fault or warning says what to do about it.
void expect_remedies(Findings const& findings) {
    for (auto const& one : findings) {
        EXPECT_TRUE(one.level < Level::warning || !one.remedy.empty()) << one.cause;
    }
}

TEST(JudgeLaunch, ProcessesThatDoNotSeeEachOther) {
    auto const found = judge_launch({4, 1, "Open MPI v4.1.4", "3.1"});
    EXPECT_THAT(found, ElementsAre(is(Level::fault, "one of 4 processes")));
    expect_remedies(found);
    EXPECT_THAT(judge_launch({4, 4, "Open MPI v4.1.4", "3.1"}),
                ElementsAre(is(Level::fine, "4 ranks")));
    EXPECT_THAT(judge_launch({1, 1, "Open MPI v4.1.4", "3.1"}), no_fault());
}

TEST(JudgeSame, OneRankWithAnotherProgram) {
    auto const found = judge_same("programs", "revision", {"a", "a", "b"}, "install one build");
    EXPECT_THAT(found, ElementsAre(is(Level::fault, "'a' on rank 0, 'b' on rank 2")));
    EXPECT_THAT(judge_same("programs", "revision", {"a", "a"}, ""), no_fault());
}

TEST(JudgeCopies, TwoLibrariesOfOneName) {
    auto const found = judge_copies(
        {{"libmpi", {"/a/libmpi.so.40", "/b/libmpi.so.12"}}, {"libhdf5", {"/a/libhdf5.so.103"}}});
    EXPECT_THAT(found, ElementsAre(is(Level::fault, "2 copies of libmpi")));
    expect_remedies(found);
    EXPECT_THAT(judge_copies(loaded_libraries()), no_fault());
    EXPECT_EQ(loaded_libraries().at("libmpi").size(), 1U);
}

TEST(JudgeHdf5, HeadersOfOneAndLibraryOfAnother) {
    auto const found = judge_hdf5({"1.14.3", "1.10.8", true});
    EXPECT_THAT(found, ElementsAre(is(Level::fault, "HDF5 1.14.3 is loaded")));
    expect_remedies(found);
    EXPECT_THAT(judge_hdf5({"1.10.8", "1.10.8", false}), ElementsAre(is(Level::note, "without")));
    EXPECT_THAT(judge_hdf5(hdf5::hdf5_facts()), no_fault());
}

TEST(JudgeTorch, MissingOrOfTheOldAbi) {
    auto const missing = judge_torch({"2.10.0", "libtorch_cpu.so: cannot open", true});
    EXPECT_THAT(missing, ElementsAre(is(Level::fault, "cannot be loaded")));
    auto const old = judge_torch({"2.10.0", "", false});
    EXPECT_THAT(old, ElementsAre(is(Level::fault, "old C++ ABI")));
    expect_remedies(missing);
    expect_remedies(old);
    EXPECT_THAT(judge_torch({"", "", true}), ElementsAre(is(Level::note, "without LibTorch")));
}

GpuFacts two_gpus(int architecture) {
    return {.device_files = 2,
            .error = {},
            .driver = 12080,
            .gpus = {{"one", "u1", architecture}, {"two", "u2", architecture}},
            .cuda_build = true,
            .architectures = {70, 75, 80, 86, 90},
            .nccl = "2.27.5"};
}

TEST(JudgeGpus, NoneIsAFaultWhereOneIsWanted) {
    EXPECT_THAT(judge_gpus({}, GpuUse::none), ElementsAre(is(Level::note, "no GPU")));
    EXPECT_THAT(judge_gpus({}, GpuUse::where_all), ElementsAre(is(Level::warning, "no GPU")));
    EXPECT_THAT(judge_gpus({}, GpuUse::required), ElementsAre(is(Level::fault, "no GPU")));
    EXPECT_THAT(judge_gpus(two_gpus(70), GpuUse::where_all), no_fault());
    EXPECT_THAT(judge_gpus(two_gpus(89), GpuUse::where_all), no_fault());  // runs the code for 8.6
}

TEST(JudgeGpus, FilesWithoutADriver) {
    auto const found = judge_gpus({.device_files = 2, .error = "no libcuda"}, GpuUse::where_all);
    EXPECT_THAT(found, ElementsAre(is(Level::fault, "the driver does not answer: no libcuda")));
    EXPECT_THAT(found[0].remedy, HasSubstr("--nv"));
}

TEST(JudgeGpus, CardsThatLibTorchHasNoCodeFor) {
    auto const old = judge_gpus(two_gpus(61), GpuUse::where_all);
    EXPECT_THAT(old, Contains(is(Level::fault, "none for one (sm_61)")));
    EXPECT_THAT(old[0].remedy, HasSubstr("V100 (sm_70) wants LibTorch 2.10 or older"));
    auto const young = judge_gpus(two_gpus(120), GpuUse::where_all);
    EXPECT_THAT(young[0].remedy, HasSubstr("newer LibTorch"));
}

TEST(JudgeGpus, DriverBuildAndNccl) {
    auto facts = two_gpus(80);
    facts.driver = 11040;
    EXPECT_THAT(judge_gpus(facts, GpuUse::where_all),
                Contains(is(Level::fault, "CUDA 11.4 at most")));
    facts = two_gpus(80);
    facts.nccl.clear();
    EXPECT_THAT(judge_gpus(facts, GpuUse::where_all),
                Contains(is(Level::fault, "NCCL cannot be loaded")));
    facts.cuda_build = false;
    EXPECT_THAT(judge_gpus(facts, GpuUse::where_all),
                Contains(is(Level::warning, "does not use them")));
    expect_remedies(judge_gpus(facts, GpuUse::where_all));
}

TEST(JudgeGpus, WhatIsWrongWithThemIsNoFaultForAJobThatLeavesThemAlone) {
    auto facts = two_gpus(61);
    facts.driver = 11040;
    facts.nccl.clear();
    EXPECT_THAT(judge_gpus(facts, GpuUse::none), no_fault());
    EXPECT_THAT(judge_gpus({.device_files = 2, .error = "no libcuda"}, GpuUse::none),
                ElementsAre(is(Level::note, "the driver does not answer")));
}

TEST(GpuUse, IsWhatTheBuildAndTheDeviceSay) {
    EXPECT_EQ(gpu_use("auto", false), GpuUse::none);
    EXPECT_EQ(gpu_use("auto", true), GpuUse::where_all);
    EXPECT_EQ(gpu_use("cpu", true), GpuUse::none);
    EXPECT_EQ(gpu_use("cuda", true), GpuUse::required);
}

TEST(JudgeBinding, OneGpuForEveryRank) {
    auto const all = GpuUse::required;
    EXPECT_THAT(judge_binding({{"n1", {"a", "b"}}, {"n1", {"a", "b"}}}, all),
                ElementsAre(is(Level::fine, "all visible")));
    EXPECT_THAT(judge_binding({{"n1", {"a"}}, {"n1", {"b"}}}, all),
                ElementsAre(is(Level::warning, "only some")));
    EXPECT_THAT(judge_binding({{"n1", {"a"}}, {"n2", {}}}, all),
                ElementsAre(is(Level::fault, "n2")));
    EXPECT_THAT(judge_binding({{"n1", {}}, {"n2", {}}}, all), IsEmpty());
}

TEST(JudgeBinding, MoreRanksThanGpusAreAFaultWhereTrainingFailsOfIt) {
    std::vector<RankGpus> const shared{{"n1", {"a"}}, {"n1", {"a"}}};
    auto const found = judge_binding(shared, GpuUse::required);
    EXPECT_THAT(found, ElementsAre(is(Level::fault, "2 ranks on n1 share 1 GPUs")));
    EXPECT_THAT(judge_binding(shared, GpuUse::where_all), ElementsAre(is(Level::warning, "share")));
    EXPECT_THAT(judge_binding(shared, GpuUse::none), ElementsAre(is(Level::note, "share")));
    expect_remedies(found);
}

FolderFacts good_folder() {
    return {.path = "/scratch", .free_bytes = 1ULL << 40U, .free_files = 1'000'000};
}

TEST(JudgeFolder, SpaceFilesWritingLocking) {
    EXPECT_THAT(judge_folder(good_folder(), 1U << 30U), no_fault());
    auto facts = good_folder();
    facts.write_error = "cannot write '/scratch/x': Read-only file system";
    EXPECT_THAT(judge_folder(facts, 1), ElementsAre(is(Level::fault, "Read-only")));
    facts = good_folder();
    EXPECT_THAT(judge_folder(facts, 2ULL << 40U), Contains(is(Level::fault, "free in '/scratch'")));
    facts.free_files = 3;
    EXPECT_THAT(judge_folder(facts, 1), Contains(is(Level::fault, "room for 3 more files")));
    facts.counts_files = false;
    EXPECT_THAT(judge_folder(facts, 1), no_fault());
    facts.lock_error = "No locks available";
    EXPECT_THAT(judge_folder(facts, 1), Contains(is(Level::fault, "HDF5 tries to")));
    facts.hdf5_locks = false;
    EXPECT_THAT(judge_folder(facts, 1), Contains(is(Level::warning, "cannot be locked")));
    expect_remedies(judge_folder(facts, 1));
}

TEST(JudgeLimits, EachLimit) {
    LimitFacts const good{.open_files = 4096, .shared_bytes = 1ULL << 30U, .ranks_on_node = 4};
    EXPECT_THAT(judge_limits(good), Each(Field(&Finding::level, Level::fine)));
    auto facts = good;
    facts.open_files = 64;
    EXPECT_THAT(judge_limits(facts), Contains(is(Level::fault, "64 open files")));
    facts.open_files = 1024;
    EXPECT_THAT(judge_limits(facts), Contains(is(Level::warning, "1024 open files")));
    facts = good;
    facts.file_bytes = 1U << 20U;
    EXPECT_THAT(judge_limits(facts), Contains(is(Level::fault, "files of at most")));
    facts = good;
    facts.shared_bytes = 16U << 20U;  // enough for one rank, not for four
    EXPECT_THAT(judge_limits(facts), Contains(is(Level::fault, "free in /dev/shm for 4 ranks")));
    facts.ranks_on_node = 1;
    EXPECT_THAT(judge_limits(facts), no_fault());
    facts = good;
    facts.infiniband = true;
    facts.locked_bytes = 64U << 10U;
    EXPECT_THAT(judge_limits(facts), Contains(is(Level::warning, "may be locked in memory")));
    facts = good;
    facts.threads = 8;
    EXPECT_THAT(judge_limits(facts), Contains(is(Level::warning, "8 threads a rank on 1")));
    expect_remedies(judge_limits(facts));
}

TEST(JudgeNetwork, NothingBetweenHostsOrADeadPort) {
    EXPECT_THAT(judge_network({{}, {}, true}), ElementsAre(is(Level::fault, "no interface")));
    EXPECT_THAT(judge_network({{}, {}, false}), ElementsAre(is(Level::fine, "loopback alone")));
    EXPECT_THAT(judge_network({{{"eth0", 25'000}}, {}, true}),
                ElementsAre(is(Level::fine, "eth0 25 Gbit/s")));
    auto const dead = judge_network({{{"eth0", 0}}, {{"mlx5_0/1", "DOWN", "10 Gb/sec"}}, true});
    EXPECT_THAT(dead, ElementsAre(is(Level::warning, "mlx5_0/1 is DOWN")));
    expect_remedies(dead);
}

TEST(JudgeLinks, OneSlowAmongEqual) {
    std::vector<Link> links{{0, 1, 1e-6, 1e9}, {0, 2, 1e-6, 1e9}, {1, 2, 1e-6, 1e9}};
    std::vector<std::string> const hosts{"n1", "n2", "n3"};
    EXPECT_THAT(judge_links(links, hosts), ElementsAre(is(Level::fine, "3 links")));
    links[1].bandwidth = 1e8;
    auto const found = judge_links(links, hosts);
    EXPECT_THAT(found, ElementsAre(is(Level::warning, "ranks 0 (n1) and 2 (n3)")));
    expect_remedies(found);
}

TEST(JudgeClocks, AheadBehindAndUnsure) {
    std::vector<std::string> const hosts{"n1", "n2", "n3"};
    EXPECT_THAT(judge_clocks({{0, 0}, {0.01, 1e-4}, {-0.02, 1e-4}}, hosts), no_fault());
    EXPECT_THAT(judge_clocks({{0, 0}, {0.01, 1e-4}, {-30, 1e-4}}, hosts),
                ElementsAre(is(Level::warning, "clock of n3 is 30.0 s behind")));
    EXPECT_THAT(judge_clocks({{0, 0}, {400, 1e-4}, {0, 0}}, hosts),
                ElementsAre(is(Level::fault, "clock of n2 is 400.0 s ahead")));
    EXPECT_THAT(judge_clocks({{0, 0}, {5, 4.5}, {0, 0}}, hosts),
                ElementsAre(is(Level::fine, "agree")));  // the message may have taken that long
}

TEST(Merged, EqualFindingsAreOneWorstFirst) {
    Finding const fine{"mpi", Level::fine, "4 ranks", ""};
    Finding const full{"space", Level::fault, "no room", "make room"};
    auto const found = merged({{fine}, {fine, full}, {fine}}, {"n1", "n2", "n3"});
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].cause, "n2: no room");
    EXPECT_EQ(found[1], fine);
    EXPECT_EQ(merged({{full}, {full}}, {"n1", "n2"})[0].cause, "no room");  // all say so
}

TEST(Partner, EveryPairMeetsOnce) {
    for (int ranks = 2; ranks <= 9; ++ranks) {
        std::vector<std::pair<int, int>> met;
        for (int round = 0; round < ranks - 1 + ranks % 2; ++round) {
            for (int rank = 0; rank < ranks; ++rank) {
                auto const peer = partner(rank, round, ranks);
                if (peer < 0) continue;
                EXPECT_NE(peer, rank);
                EXPECT_EQ(partner(peer, round, ranks), rank);
                if (rank < peer) met.emplace_back(rank, peer);
            }
        }
        std::ranges::sort(met);
        EXPECT_EQ(std::ranges::adjacent_find(met), met.end());
        EXPECT_EQ(met.size(), static_cast<std::size_t>(ranks * (ranks - 1) / 2)) << ranks;
    }
}

}  // namespace
}  // namespace tessera::doctor
