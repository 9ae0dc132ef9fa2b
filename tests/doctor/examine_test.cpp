// The examination itself, on this machine and over the ranks of the test.
#include "folder.hpp"
#include "links.hpp"
#include "network.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <scratch.hpp>
#include <unistd.h>

#include <tessera/doctor/examine.hpp>

namespace tessera::doctor {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::Field;

TEST(Examine, EveryRankHasTheSameFindings) {
    auto const world = comm::Communicator::world();
    DoctorConfig config;
    config.folder = fs::temp_directory_path();
    auto const found = examine(world, config, world.size());
    std::string text;
    for (auto const& one : found.findings) {
        if (one.check != "links" && one.check != "clock") text += one.check + one.cause + '\n';
    }
    for (auto const& other : comm::all_gather(world, text)) EXPECT_EQ(other, text);
    EXPECT_THAT(found.findings, Contains(Field(&Finding::check, "folder")).Times(0));
    for (auto const* check : {"mpi", "hdf5", "libtorch", "space", "limits", "programs"}) {
        EXPECT_THAT(found.findings, Contains(Field(&Finding::check, check))) << check;
    }
}

TEST(Links, EveryPairIsMeasured) {
    auto const world = comm::Communicator::world();
    auto const links = measure_links(world);
    auto const ranks = static_cast<std::size_t>(world.size());
    EXPECT_EQ(links.size(), ranks * (ranks - 1) / 2);
    for (auto const& link : links) {
        EXPECT_LT(link.first, link.second);
        EXPECT_GT(link.bandwidth, 0);
        EXPECT_GT(link.latency, 0);
    }
}

TEST(Clocks, RanksOfOneMachineShareAClock) {
    auto const world = comm::Communicator::world();
    auto const skews = measure_clocks(world);
    if (!world.is_root()) return;
    ASSERT_EQ(skews.size(), static_cast<std::size_t>(world.size()));
    for (auto const& skew : skews) {
        // The reading lies between the two messages, so the estimate errs by half the round trip at
        // most.
        EXPECT_LE(std::abs(skew.ahead), skew.error + 1e-4);
    }
}

TEST(Folder, GoodReadOnlyAndAbsent) {
    test::Scratch const scratch;
    auto const good = folder_facts(scratch.path(), 0);
    EXPECT_EQ(good.write_error, "");
    EXPECT_EQ(good.lock_error, "");
    EXPECT_GT(good.free_bytes, 0U);
    EXPECT_TRUE(fs::is_empty(scratch.path()));  // the probe is gone
    EXPECT_EQ(folder_facts(scratch.path() / "not/yet", 0).path, fs::canonical(scratch.path()));
    EXPECT_NE(folder_facts("/proc", 0).write_error,
              "");  // nobody, root included, makes files there
}

TEST(Folder, EveryProcessOfEveryNodeHasAProbeOfItsOwn) {
    EXPECT_NE(probe_name("n1", 0, 100), probe_name("n2", 0, 100));
    EXPECT_NE(probe_name("n1", 0, 100), probe_name("n1", 1, 100));
    EXPECT_NE(probe_name("n1", 0, 100), probe_name("n1", 0, 101));
}

TEST(Network, AsTheKernelShowsIt) {
    test::Scratch const scratch;
    auto const write = [&](fs::path const& file, std::string_view text) {
        fs::create_directories((scratch.path() / file).parent_path());
        std::ofstream(scratch.path() / file) << text << '\n';
    };
    write("class/net/lo/operstate", "unknown");
    write("class/net/eth0/operstate", "up");
    write("class/net/eth0/speed", "25000");
    write("class/net/eth1/operstate", "down");
    write("class/infiniband/mlx5_0/ports/1/state", "4: ACTIVE");
    write("class/infiniband/mlx5_0/ports/1/rate", "100 Gb/sec (4X EDR)");
    auto const facts = network_facts(scratch.path(), true);
    ASSERT_EQ(facts.interfaces.size(), 1U);
    EXPECT_EQ(facts.interfaces[0].name, "eth0");
    EXPECT_EQ(facts.interfaces[0].megabits, 25'000);
    ASSERT_EQ(facts.infiniband.size(), 1U);
    EXPECT_EQ(facts.infiniband[0].state, "ACTIVE");
    EXPECT_TRUE(network_facts(scratch.path() / "absent", true).interfaces.empty());
}

}  // namespace
}  // namespace tessera::doctor
