#include "scratch.hpp"

#include <cstring>
#include <fstream>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/hdf5/dataset.hpp>

namespace tessera {
namespace {

using hdf5::Dataset;
using hdf5::ElementType;
using hdf5::File;
using hdf5::Shape;

template <class T>
std::span<std::byte const> bytes(std::vector<T> const& values) {
    return std::as_bytes(std::span(values));
}

std::vector<std::uint32_t> count_to(std::uint32_t end) {
    std::vector<std::uint32_t> values(end);
    std::iota(values.begin(), values.end(), 0U);
    return values;
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

TEST(Dataset, GivesBackRowsFromWhereTheyWereWritten) {
    test::Scratch scratch;
    auto const values = count_to(100);
    {
        auto file = File::create(scratch / "a.h5");
        auto dataset = Dataset::create(file, "/numbers", ElementType::uint32, {25, 4});
        dataset.write(0, bytes(values).first(160));
        dataset.write(10, bytes(values).subspan(160));
        dataset.write(25, {});
        file.close();
    }
    auto const file = File::open(scratch / "a.h5");
    auto const dataset = Dataset::open(file, "/numbers", ElementType::uint32);
    EXPECT_EQ(dataset.shape(), (Shape{25, 4}));
    std::vector<std::uint32_t> read(8);
    dataset.read(3, std::as_writable_bytes(std::span(read)));
    EXPECT_EQ(read, (std::vector<std::uint32_t>{12, 13, 14, 15, 16, 17, 18, 19}));
}

TEST(Dataset, LiesInTheFileWhereItSays) {
    test::Scratch scratch;
    auto const values = count_to(1000);
    std::uint64_t place = 0;
    {
        auto file = File::create(scratch / "a.h5");
        auto dataset = Dataset::create(file, "/numbers", ElementType::uint32, {1000, 0});
        dataset.write(0, bytes(values));
        place = dataset.file_offset().value();
        auto const empty = Dataset::create(file, "/nothing", ElementType::uint32, {0, 0});
        EXPECT_FALSE(empty.file_offset().has_value());
        file.close();
    }
    EXPECT_EQ(place % 8, 0U);
    auto const text = base::read_text(scratch / "a.h5");
    EXPECT_EQ(std::memcmp(text.data() + place, values.data(), 4000), 0);
}

TEST(Dataset, StartsAtTheMultipleOfItsOpening) {
    test::Scratch scratch;
    auto small = File::create(scratch / "a.h5");
    Dataset::create(small, "/small", ElementType::uint8, {3, 0});
    small.close();
    auto large = File::extend(scratch / "a.h5", {1000, 65'536});
    auto const first = Dataset::create(large, "/large", ElementType::uint8, {2000, 0});
    auto const second = Dataset::create(large, "/larger", ElementType::uint8, {200'000, 0});
    EXPECT_EQ(first.file_offset().value() % 65'536, 0U);
    EXPECT_EQ(second.file_offset().value() % 65'536, 0U);
}

TEST(Dataset, RefusesRowsItDoesNotHave) {
    test::Scratch scratch;
    auto file = File::create(scratch / "a.h5");
    auto dataset = Dataset::create(file, "/numbers", ElementType::uint32, {10, 0});
    auto const values = count_to(11);
    EXPECT_THROW(dataset.write(0, bytes(values)), base::Error);
    EXPECT_THROW(dataset.write(10, bytes(values).first(4)), base::Error);
    EXPECT_THROW(dataset.write(0, bytes(values).first(3)), base::Error);
    EXPECT_THROW(dataset.write(std::uint64_t{1} << 63U, bytes(values).first(4)), base::Error);
}

TEST(Dataset, NamesFileAndDatasetWhenItCannotBeOpened) {
    test::Scratch scratch;
    {
        auto file = File::create(scratch / "a.h5");
        Dataset::create(file, "/numbers", ElementType::uint32, {1, 0});
        file.close();
    }
    auto const file = File::open(scratch / "a.h5");
    auto const open = [&](std::string const& name, ElementType type) {
        return fault_of(base::ExitCode::bad_input, [&] { Dataset::open(file, name, type); });
    };
    EXPECT_THAT(open("/absent", ElementType::uint32), testing::HasSubstr("/absent of '"));
    EXPECT_THAT(open("/numbers", ElementType::int32), testing::HasSubstr("not of type int32"));
}

TEST(VirtualDataset, ConcatenatesOtherFiles) {
    test::Scratch scratch;
    auto const values = count_to(7);
    for (auto const* name : {"one.h5", "two.h5"}) {
        auto file = File::create(scratch / name);
        Dataset::create(file, "/numbers", ElementType::uint32, {7, 0}).write(0, bytes(values));
        file.close();
    }
    {
        auto whole = File::create(scratch / "whole.h5");
        hdf5::create_virtual(whole, "/numbers", ElementType::uint32, 0,
                             {{"one.h5", 7}, {"none.h5", 0}, {"two.h5", 7}});
        hdf5::create_virtual(whole, "/empty", ElementType::uint32, 0, {});
        whole.close();
    }
    auto const file = File::open(scratch / "whole.h5");
    auto const dataset = Dataset::open(file, "/numbers", ElementType::uint32);
    EXPECT_EQ(dataset.shape().rows, 14U);
    std::vector<std::uint32_t> read(4);
    dataset.read(5, std::as_writable_bytes(std::span(read)));
    EXPECT_EQ(read, (std::vector<std::uint32_t>{5, 6, 0, 1}));
    EXPECT_EQ(Dataset::open(file, "/empty", ElementType::uint32).shape().rows, 0U);
}

}  // namespace
}  // namespace tessera
