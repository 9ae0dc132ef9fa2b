#include "scratch.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/hdf5/dataset.hpp>
#include <tessera/hdf5/file.hpp>

namespace tessera {
namespace {

using hdf5::Dataset;
using hdf5::ElementType;
using hdf5::File;

void write_example(std::filesystem::path const& path) {
    auto file = File::create(path);
    file.create_group("/group");
    file.write_attribute("text", "with \xc3\xa4");
    file.write_attribute("empty", "");
    file.write_attribute("number", std::uint64_t{1} << 63U);
    Dataset::create(file, "/group/numbers", ElementType::uint8, {3, 0})
        .write(0, std::as_bytes(std::span("abc", 3)));
    file.close();
}

template <class Call>
std::string fault_of(base::ExitCode code, Call const& call) {
    try {
        call();
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), code);
        return error.what();
    }
    return "no error";
}

TEST(File, GivesAttributesBack) {
    test::Scratch scratch;
    write_example(scratch / "a.h5");
    auto const file = File::open(scratch / "a.h5");
    EXPECT_EQ(file.text_attribute("text"), "with \xc3\xa4");
    EXPECT_EQ(file.text_attribute("empty"), "");
    EXPECT_EQ(file.integer_attribute("number"), std::uint64_t{1} << 63U);
    EXPECT_THROW(file.text_attribute("number"), base::Error);
    EXPECT_THROW(file.integer_attribute("text"), base::Error);
    EXPECT_THROW(file.text_attribute("absent"), base::Error);
}

TEST(File, HasEqualBytesAtAnyTime) {
    test::Scratch scratch;
    write_example(scratch / "a.h5");
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // stamps would count in seconds
    write_example(scratch / "b.h5");
    EXPECT_EQ(base::read_text(scratch / "a.h5"), base::read_text(scratch / "b.h5"));
}

TEST(File, NamesWhatCannotBeOpened) {
    test::Scratch scratch;
    std::ofstream(scratch / "text.h5") << "no HDF5 here";
    EXPECT_THAT(fault_of(base::ExitCode::bad_input, [&] { File::open(scratch / "text.h5"); }),
                testing::HasSubstr("text.h5"));
    EXPECT_THAT(fault_of(base::ExitCode::bad_input, [&] { File::open(scratch / "absent.h5"); }),
                testing::HasSubstr("No such file or directory"));
    EXPECT_THAT(fault_of(base::ExitCode::environment, [&] { File::create(scratch / "x/a.h5"); }),
                testing::HasSubstr("No such file or directory"));
}

TEST(File, IsReadWithoutHarmWhenDamaged) {
    test::Scratch scratch;
    write_example(scratch / "a.h5");
    auto const whole = base::read_text(scratch / "a.h5");
    for (std::size_t size = 0; size < whole.size(); size += 37) {
        std::ofstream(scratch / "cut.h5", std::ios::binary) << whole.substr(0, size);
        EXPECT_THROW(File::open(scratch / "cut.h5"), base::Error) << size;
    }
}

// Stands in for a full disk. The process must end by its own exit code, not in HDF5's clean-up.
[[noreturn]] void write_too_much(std::filesystem::path const& path) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit const limit{20'000, 20'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
        auto file = File::create(path);
        auto dataset = Dataset::create(file, "/numbers", ElementType::uint8, {1'000'000, 0});
        dataset.write(0, std::vector<std::byte>(1'000'000));
        file.close();
    } catch (base::Error const& error) {
        std::fprintf(stderr, "%s\n", error.what());
        std::exit(static_cast<int>(error.code()));
    }
    std::exit(0);
}

TEST(FileDeathTest, SaysWhatDidNotFitAndEndsInOrder) {
    test::Scratch scratch;
    EXPECT_EXIT(write_too_much(scratch / "a.h5"), testing::ExitedWithCode(4),
                "a.h5' .*bytes needed.*File too large");
}

}  // namespace
}  // namespace tessera
