#include "failing_files.hpp"
#include "made_flows.hpp"
#include "scratch.hpp"

#include <csignal>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/dataset/verify.hpp>

namespace tessera {
namespace {

namespace fs = std::filesystem;

TEST(Faults, LeaveNothingHalfPublished) {
    auto const units = test::random_units(31, 2, 5);
    test::Scratch sound;
    test::write_store(base::local_files(), sound.path(), units, test::three_classes());
    auto const reference = test::contents(sound.path());
    for (int calls = 0;; ++calls) {
        ASSERT_LT(calls, 100);
        test::Scratch scratch;
        test::FailingFiles files(calls);
        bool done = false;
        try {
            test::write_store(files, scratch.path(), units, test::three_classes());
            done = true;
        } catch (base::Error const& error) {
            EXPECT_EQ(error.code(), base::ExitCode::environment);
        }
        for (auto const& [name, bytes] : test::contents(scratch.path())) {
            ASSERT_EQ(reference.count(name), 1U) << name << " left after " << calls << " calls";
            EXPECT_EQ(bytes, reference.at(name)) << name << " after " << calls << " calls";
        }
        if (done) break;
    }
}

// A disk that fills up while HDF5 writes, stood in for by the limit on file sizes.
[[noreturn]] void write_with_limit(fs::path const& folder, rlim_t limit, std::uint64_t memory) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit const size{limit, limit};
    setrlimit(RLIMIT_FSIZE, &size);
    try {
        test::write_unit(base::local_files(), folder, 0, test::random_units(32, 1, 200).at(0),
                         {"service"}, memory);
    } catch (base::Error const& error) {
        std::fprintf(stderr, "%s\n", error.what());
        std::exit(static_cast<int>(error.code()));
    }
    std::exit(0);
}

TEST(FaultsDeathTest, AFullDiskIsReportedWithPathAndBytes) {
    test::Scratch scratch;
    for (rlim_t const limit : {3'000U, 5'000U, 50'000U, 200'000U}) {
        EXPECT_EXIT(write_with_limit(scratch.path(), limit, 4U << 20U), testing::ExitedWithCode(4),
                    "shard-00000.h5.*File too large");
        EXPECT_TRUE(test::contents(scratch.path()).empty());
    }
    EXPECT_EXIT(write_with_limit(scratch.path(), 10'000, 20'000), testing::ExitedWithCode(4),
                "temporary file in .*bytes needed.*File too large");
    EXPECT_TRUE(test::contents(scratch.path()).empty());
}

TEST(Faults, AFolderThatIsNotThereIsNamed) {
    test::Scratch scratch;
    try {
        test::write_unit(base::local_files(), scratch / "absent", 0,
                         test::random_units(33, 1, 2).at(0), {"service"});
        FAIL();
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::environment);
        EXPECT_THAT(error.what(), testing::HasSubstr("absent/shard-00000.h5"));
        EXPECT_THAT(error.what(), testing::HasSubstr("No such file"));
    }
}

}  // namespace
}  // namespace tessera
