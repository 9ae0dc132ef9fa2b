#include <array>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/checkpoint/safetensors.hpp>

namespace tessera::checkpoint {
namespace {

void write_bytes(std::filesystem::path const& path, std::string const& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_bytes(std::filesystem::path const& path) {
    return base::read_text(path);
}

/// A file by hand: length, header, data.
std::string crafted(std::string const& header, std::size_t data_bytes) {
    std::string file;
    for (unsigned i = 0; i < 8; ++i)
        file += static_cast<char>((static_cast<std::uint64_t>(header.size()) >> (8 * i)) & 0xffU);
    return file + header + std::string(data_bytes, '\1');
}

TEST(Safetensors, RoundTripsValuesTypesShapesAndMetadata) {
    test::Scratch const folder;
    std::array const tensors{
        NamedTensor{"layer.weight", at::arange(6, at::kFloat).view({2, 3})},
        NamedTensor{"steps", at::tensor({7}, at::kLong)},
        NamedTensor{"empty", at::empty({0, 4}, at::kFloat)},
        NamedTensor{"scalar", at::tensor(2.5, at::kDouble)},
        NamedTensor{"transposed", at::arange(6, at::kFloat).view({2, 3}).t()},
    };
    auto const sum = write_safetensors(base::local_files(), folder / "a", tensors, {{"by", "me"}});
    SafetensorsFile const file(folder / "a");
    EXPECT_EQ(file.checksum(), sum);
    EXPECT_EQ(file.metadata(), (Metadata{{"by", "me"}}));
    ASSERT_EQ(file.entries().size(), tensors.size());
    for (auto const& item : tensors) {
        EXPECT_TRUE(at::equal(file.read(item.name), item.tensor)) << item.name;
    }
    auto strided = at::zeros({3, 2}).t();
    file.read_into("layer.weight", strided);
    EXPECT_TRUE(at::equal(strided, tensors[0].tensor));
}

TEST(Safetensors, LiesAsTheFormatSays) {
    test::Scratch const folder;
    std::array const tensors{NamedTensor{"w", at::tensor({1.0F})}};
    write_safetensors(base::local_files(), folder / "a", tensors);
    std::string const header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
    auto const padded = header + std::string(56 - header.size(), ' ');
    auto expected = crafted(padded, 0) + std::string("\x00\x00\x80\x3f", 4);
    EXPECT_EQ(read_bytes(folder / "a"), expected);
}

TEST(Safetensors, RefusesTwoTensorsOfOneName) {
    test::Scratch const folder;
    std::array const tensors{NamedTensor{"w", at::ones(1)}, NamedTensor{"w", at::ones(1)}};
    EXPECT_THROW(write_safetensors(base::local_files(), folder / "a", tensors), base::Error);
}

TEST(Safetensors, SaysWhichTensorIsAbsentOrOfAnotherShape) {
    test::Scratch const folder;
    std::array const tensors{NamedTensor{"w", at::ones({2, 2})}};
    write_safetensors(base::local_files(), folder / "a", tensors);
    SafetensorsFile const file(folder / "a");
    EXPECT_FALSE(file.contains("v"));
    EXPECT_THROW(file.read("v"), base::Error);
    EXPECT_THROW(file.read_into("w", at::zeros({4})), base::Error);
    EXPECT_THROW(file.read_into("w", at::zeros({2, 2}, at::kDouble)), base::Error);
}

struct Crafted {
    char const* name;
    std::string header;
    std::size_t data;
};

std::string entry(std::string const& shape, std::string const& offsets,
                  std::string const& type = "F32") {
    return R"({"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

TEST(Safetensors, RefusesCraftedHeaders) {
    auto const ok = entry("[1]", "[0,4]");
    std::array const cases{
        Crafted{"no object", "[]", 0},
        Crafted{"not JSON", "{\"w\":", 0},
        Crafted{"text after the object", "{\"w\":" + ok + "}x", 4},
        Crafted{"name twice", "{\"w\":" + ok + ",\"w\":" + entry("[1]", "[4,8]") + "}", 8},
        Crafted{"overlap",
                "{\"a\":" + entry("[2]", "[0,8]") + ",\"b\":" + entry("[1]", "[4,8]") + "}", 8},
        Crafted{"gap", "{\"a\":" + ok + ",\"b\":" + entry("[1]", "[8,12]") + "}", 12},
        Crafted{"does not begin at 0", "{\"a\":" + entry("[1]", "[4,8]") + "}", 8},
        Crafted{"does not reach the end", "{\"a\":" + ok + "}", 8},
        Crafted{"reaches past the end", "{\"a\":" + entry("[2]", "[0,8]") + "}", 4},
        Crafted{"end before begin", "{\"a\":" + entry("[1]", "[4,0]") + "}", 4},
        Crafted{"shape against offsets", "{\"a\":" + entry("[3]", "[0,8]") + "}", 8},
        Crafted{"product overflows", "{\"a\":" + entry("[4611686018427387904,4]", "[0,0]") + "}",
                0},
        Crafted{"axis too long", "{\"a\":" + entry("[18446744073709551615]", "[0,4]") + "}", 4},
        Crafted{"number past 64 bits", "{\"a\":" + entry("[99999999999999999999]", "[0,4]") + "}",
                4},
        Crafted{"negative axis", "{\"a\":" + entry("[-1]", "[0,4]") + "}", 4},
        Crafted{"fraction", "{\"a\":" + entry("[1.0]", "[0,4]") + "}", 4},
        Crafted{"NaN", "{\"a\":" + entry("[NaN]", "[0,4]") + "}", 4},
        Crafted{"text as axis", "{\"a\":" + entry("[\"1\"]", "[0,4]") + "}", 4},
        Crafted{"nested list", "{\"a\":" + entry("[[1]]", "[0,4]") + "}", 4},
        Crafted{"three offsets", "{\"a\":" + entry("[1]", "[0,4,4]") + "}", 4},
        Crafted{"one offset", "{\"a\":" + entry("[1]", "[0]") + "}", 4},
        Crafted{"unknown type", "{\"a\":" + entry("[1]", "[0,4]", "F31") + "}", 4},
        Crafted{"type missing", R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4},
        Crafted{"type twice",
                R"({"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}})", 4},
        Crafted{"shape twice",
                R"({"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}})", 4},
        Crafted{"extra field", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":"y"}})",
                4},
        Crafted{"number as entry", "{\"a\":1}", 0},
        Crafted{"null as entry", "{\"a\":null}", 0},
        Crafted{"deep object", "{\"a\":{\"b\":{\"c\":{}}}}", 0},
        Crafted{"metadata of numbers", "{\"__metadata__\":{\"a\":1}}", 0},
        Crafted{"17 axes", "{\"a\":" + entry("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,4]") + "}",
                4},
    };
    test::Scratch const folder;
    for (auto const& bad : cases) {
        write_bytes(folder / "bad", crafted(bad.header, bad.data));
        try {
            SafetensorsFile const file(folder / "bad");
            ADD_FAILURE() << bad.name << " was taken";
        } catch (base::Error const& error) {
            EXPECT_EQ(error.code(), base::ExitCode::bad_input) << bad.name;
            EXPECT_NE(std::string(error.what()).find("bad'"), std::string::npos) << error.what();
        }
    }
}

TEST(Safetensors, RefusesLengthsThatLie) {
    test::Scratch const folder;
    auto const good = crafted("{\"a\":" + entry("[1]", "[0,4]") + "}", 4);
    write_bytes(folder / "good", good);
    EXPECT_NO_THROW(SafetensorsFile(folder / "good"));
    for (std::size_t length = 0; length < good.size(); ++length) {
        write_bytes(folder / "cut", good.substr(0, length));
        EXPECT_THROW(SafetensorsFile(folder / "cut"), base::Error) << length;
    }
    for (unsigned byte = 0; byte < 8; ++byte) {
        auto lying = good;
        lying[byte] = '\xff';
        write_bytes(folder / "lying", lying);
        EXPECT_THROW(SafetensorsFile(folder / "lying"), base::Error) << byte;
    }
}

TEST(Safetensors, RefusesABloatedHeader) {
    std::string header = "{";
    for (int i = 0; i < 100'000; ++i) {
        header += (i > 0 ? ",\"t" : "\"t") + std::to_string(i) + "\":" + entry("[0]", "[0,0]");
    }
    test::Scratch const folder;
    write_bytes(folder / "bloated", crafted(header + "}", 0));
    EXPECT_THROW(SafetensorsFile(folder / "bloated"), base::Error);
}

TEST(Safetensors, FollowsNoLink) {
    test::Scratch const folder;
    write_bytes(folder / "real", crafted("{}", 0));
    EXPECT_NO_THROW(SafetensorsFile(folder / "real"));
    std::filesystem::create_symlink(folder / "real", folder / "link");
    EXPECT_THROW(SafetensorsFile(folder / "link"), base::Error);
    EXPECT_THROW(SafetensorsFile(folder / "absent"), base::Error);
    EXPECT_THROW(SafetensorsFile(folder.path()), base::Error);
}

TEST(Safetensors, ReadsFilesOfTheFormatsOwnLibrary) {
    auto const shared = test::shared_folder();
    if (!shared) GTEST_SKIP() << "no shared folder";
    SafetensorsFile const file(*shared / "reference" / "etbert_pretrain_forward.safetensors");
    EXPECT_EQ(file.read("input.src").sizes(), (std::vector<std::int64_t>{6, 32}));
    EXPECT_EQ(file.read("input.src").scalar_type(), at::kLong);
    auto const number = [&](char const* name) { return file.read(name).item<float>(); };
    EXPECT_NEAR(number("out.loss_total"), number("out.loss_mlm") / 10 + number("out.loss_sp"),
                1e-6);
}

}  // namespace
}  // namespace tessera::checkpoint
