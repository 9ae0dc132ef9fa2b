// A file seen through a window is the file, wherever the window is moved.
#include "file_source.hpp"

#include <algorithm>
#include <fstream>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>

namespace tessera::capture {
namespace {

class File : public testing::Test {
  protected:
    // Longer than several pieces; every byte tells its place.
    File() : bytes_(1'300'001) {
        std::mt19937 random(7);
        for (auto& byte : bytes_) byte = static_cast<char>(random());
        std::ofstream(path_, std::ios::binary)
            .write(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    }

    void expect_at(FileSource const& source, std::size_t count) const {
        ASSERT_GE(source.view().size(), count);
        auto const* seen = reinterpret_cast<char const*>(source.view().data());
        EXPECT_TRUE(std::equal(seen, seen + count, bytes_.data() + source.offset()));
    }

    test::Scratch scratch_;
    std::filesystem::path path_ = scratch_ / "file";
    std::vector<char> bytes_;
};

TEST_F(File, IsSeenInOrderInStepsOfAnySize) {
    for (std::size_t const most : {40U, 70'000U, 900'000U}) {
        FileSource source(path_);
        std::mt19937 random(static_cast<unsigned>(most));
        for (auto rest = bytes_.size(); rest > 0;) {
            auto const step = std::min<std::size_t>(1 + random() % most, rest);
            ASSERT_TRUE(source.holds(step));
            expect_at(source, step);
            source.skip(step);
            rest -= step;
        }
        EXPECT_FALSE(source.holds(1));
        EXPECT_EQ(source.position(), source.size());
    }
}

TEST_F(File, GoesToAnyPlace) {
    FileSource source(path_);
    for (std::size_t const begin : {1'000'000U, 5U, 400'000U, 400'100U, 399'999U, 1'300'000U}) {
        source.go_to(begin, begin + 1000);
        auto const count = std::min<std::size_t>(3000, bytes_.size() - begin);
        ASSERT_TRUE(source.holds(count)) << begin;
        EXPECT_EQ(source.offset(), begin);
        expect_at(source, count);
    }
}

TEST_F(File, HoldsNoMoreThanThereIsAndShowsWhatThereIs) {
    FileSource source(path_);
    source.go_to(bytes_.size() - 10, bytes_.size());
    EXPECT_FALSE(source.holds(11));
    EXPECT_EQ(source.view().size(), 10U);
    EXPECT_FALSE(source.holds(~std::size_t{0}));
    expect_at(source, 10);
}

TEST_F(File, CutShortWhileItIsReadIsAnError) {
    FileSource source(path_);
    ASSERT_TRUE(source.holds(1000));
    std::filesystem::resize_file(path_, 500'000);
    source.go_to(499'000, bytes_.size());
    try {
        source.holds(1001);
        FAIL();
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::environment);
        EXPECT_EQ(error.what(), "cannot read '" + path_.string() +
                                    "' from byte 500000 on (800001 bytes needed): it was cut "
                                    "short while it was read");
    }
}

TEST_F(File, RefusesWhatIsNoFile) {
    EXPECT_THROW(FileSource(scratch_ / "absent"), base::Error);
    EXPECT_THROW(FileSource(scratch_ / "."), base::Error);
}

}  // namespace
}  // namespace tessera::capture
