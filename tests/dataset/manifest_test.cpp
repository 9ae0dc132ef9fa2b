#include "made_flows.hpp"
#include "scratch.hpp"
#include "sealed_json.hpp"

#include <fstream>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/dataset/manifest.hpp>

namespace tessera {
namespace {

using Json = nlohmann::ordered_json;

/// A store whose manifest is changed and sealed again: what a stranger could hand over.
class HostileManifest : public testing::Test {
  protected:
    HostileManifest() {
        test::write_store(base::local_files(), scratch_.path(), test::random_units(41, 2, 8),
                          test::three_classes());
        sound_ = Json::parse(base::read_text(path_));
        sound_.erase("checksum");
    }

    void write(Json const& json) { std::ofstream(path_) << dataset::seal(json, path_); }

    std::string fault_of(Json const& json) {
        write(json);
        try {
            dataset::read_manifest(scratch_.path());
        } catch (base::Error const& error) {
            EXPECT_EQ(error.code(), base::ExitCode::bad_input);
            return error.what();
        }
        return "no error";
    }

    template <class Change>
    std::string fault_after(Change const& change) {
        auto json = sound_;
        change(json);
        return fault_of(json);
    }

    test::Scratch scratch_;
    std::filesystem::path path_ = scratch_ / "manifest.json";
    Json sound_;
};

TEST_F(HostileManifest, IsReadWhenSound) {
    EXPECT_EQ(fault_of(sound_), "no error");
}

TEST_F(HostileManifest, IsRefusedWithoutAKeyOrWithAnotherType) {
    for (auto const& [key, value] : sound_.items()) {
        auto const name = key;
        auto const missing = name == "tunnels" ? "no error" : "has no '" + name + "'";  // of old
        EXPECT_THAT(fault_after([&](Json& json) { json.erase(name); }),
                    testing::HasSubstr(missing));
        EXPECT_THAT(fault_after([&](Json& json) { json[name] = nullptr; }),
                    testing::HasSubstr(name));
    }
    for (auto const& [key, value] : sound_["shards"][1].items()) {
        auto const name = key;
        EXPECT_THAT(fault_after([&](Json& json) { json["shards"][1].erase(name); }),
                    testing::HasSubstr("shards[1] has no '" + name + "'"));
    }
}

TEST_F(HostileManifest, IsRefusedWhenTunnelsAreNotThoseOfTheCaptures) {
    EXPECT_THAT(fault_after([](Json& json) { json["tunnels"]["packets"]["gre"] = 1; }),
                testing::HasSubstr("tunnels are not the sum over captures"));
    EXPECT_THAT(fault_after([](Json& json) {
                    json["captures"][0]["tunnels"] = {{"gre", 1}};
                }),
                testing::HasSubstr("tunnels are not the sum over captures"));
}

TEST_F(HostileManifest, IsRefusedInAnotherVersion) {
    EXPECT_THAT(fault_after([](Json& json) { json["version"] = 2; }),
                testing::HasSubstr("this program reads 'tessera-token-store' version 1"));
}

TEST_F(HostileManifest, IsRefusedWhenNumbersDoNotFit) {
    using testing::HasSubstr;
    EXPECT_THAT(fault_after([](Json& json) { json["flows"] = -1; }), HasSubstr("flows"));
    EXPECT_THAT(fault_after([](Json& json) { json["flows"] = 1e300; }), HasSubstr("flows"));
    EXPECT_THAT(fault_after([](Json& json) { json["packets_read"] = 0; }),
                HasSubstr("does not add up"));
    EXPECT_THAT(fault_after([](Json& json) { json["captures"][0]["packets_kept"] = 1; }),
                HasSubstr("does not add up"));
    EXPECT_THAT(fault_after([](Json& json) { json["tokens"] = 1; }), HasSubstr("sum over shards"));
    EXPECT_THAT(
        fault_after([](Json& json) { json["shards"][0]["tokens"] = 9'223'372'036'854'775'807U; }),
        HasSubstr("/tokens does not lie inside the file"));
    EXPECT_THAT(fault_after([](Json& json) { json["labels"]["service"]["unlabelled"] = 0; }),
                HasSubstr("does not count each flow once"));
    EXPECT_THAT(fault_after([](Json& json) { json["shards"][1]["first_capture"] = 0; }),
                HasSubstr("next capture"));
    EXPECT_THAT(fault_after([](Json& json) { json["flow_ends"]["evicted"] = 1'000'000; }),
                HasSubstr("flow_ends"));
}

TEST_F(HostileManifest, IsRefusedWhenColumnsLieElsewhere) {
    using testing::HasSubstr;
    auto const with_place = [&](std::uint64_t place) {
        return fault_after([&](Json& json) { json["shards"][0]["columns"]["/offsets"] = place; });
    };
    EXPECT_THAT(with_place(0), HasSubstr("multiple of 8"));
    EXPECT_THAT(with_place(1001), HasSubstr("multiple of 8"));
    EXPECT_THAT(with_place(std::uint64_t{1} << 40U), HasSubstr("inside the file"));
    EXPECT_THAT(with_place(9'223'372'036'854'775'800U), HasSubstr("inside the file"));
    EXPECT_THAT(fault_after([](Json& json) { json["shards"][0]["columns"]["/more"] = 8; }),
                HasSubstr("does not have"));
    EXPECT_THAT(fault_after([](Json& json) { json["shards"][0]["file"] = "../../etc/passwd"; }),
                HasSubstr("is not called shard-00000.h5"));
}

TEST_F(HostileManifest, IsRefusedWhenItIsNoSealedObject) {
    auto const fault = [&](std::string const& text) {
        std::ofstream(path_) << text;
        try {
            dataset::read_manifest(scratch_.path());
        } catch (base::Error const& error) {
            return std::string(error.what());
        }
        return std::string("no error");
    };
    EXPECT_THAT(fault(""), testing::HasSubstr("does not begin with its checksum"));
    EXPECT_THAT(fault("{}"), testing::HasSubstr("does not begin with its checksum"));
    EXPECT_THAT(fault(std::string(100'000, '[')), testing::HasSubstr("does not begin"));
    EXPECT_THAT(fault(dataset::seal(sound_, path_) + " "),
                testing::HasSubstr("checksum does not fit"));
    auto deep = Json::array();
    for (int i = 0; i < 100; ++i) deep = Json::array({std::move(deep)});
    EXPECT_THAT(fault(dataset::seal({{"format", deep}}, path_)),
                testing::HasSubstr("is no JSON object"));
}

TEST(Manifest, KeepsNamesThatStrangersGave) {
    test::Scratch scratch;
    test::MadeUnit unit{{"run1/\"quoted\" \xc3\xa4\\x0a.pcap"}, {{test::example_flow(), 0, {}}}};
    test::write_store(base::local_files(), scratch.path(), {unit}, {});
    EXPECT_EQ(dataset::read_manifest(scratch.path()).captures.at(0).path, unit.captures.at(0));
}

TEST(Manifest, CountsACaptureInPartsOnce) {
    dataset::Manifest manifest;
    for (auto const& [path, part, parts] :
         {std::tuple{"a", 0U, 1U}, {"b", 0U, 3U}, {"b", 1U, 3U}, {"b", 2U, 3U}, {"c", 0U, 1U}}) {
        manifest.captures.push_back({.path = path, .part = part, .parts = parts});
    }
    EXPECT_EQ(dataset::captures_read(manifest), 3U);
    EXPECT_EQ(dataset::first_parts(manifest), (std::vector<std::uint32_t>{0, 1, 1, 1, 4}));
}

TEST(Summary, AddsUpAndKeepsTheNamesScriptsRelyOn) {
    test::Scratch scratch;
    auto const manifest = test::write_store(base::local_files(), scratch.path(),
                                            test::random_units(42, 2, 8), test::three_classes());
    auto const json = Json::parse(dataset::summary_json(manifest, dataset::RunCost{1.5, 1000}));
    EXPECT_EQ(json["captures"], 6);
    EXPECT_EQ(json["captures_failed"], 0);
    EXPECT_EQ(json["failures"], Json::array());
    EXPECT_EQ(json["flows"], 16);
    EXPECT_EQ(json["packets_dropped"]["not_ip"], 6);
    EXPECT_EQ(json["packets_read"], json["packets_kept"].get<std::uint64_t>() + 6);
    EXPECT_EQ(json["shards"].size(), 2U);
    EXPECT_EQ(json["tokenizer"]["name"], "bigram");
    EXPECT_EQ(json["masking"]["profile"], "default");
    EXPECT_EQ(json["seconds"], 1.5);
    EXPECT_EQ(json["peak_memory_bytes"], 1000);
    EXPECT_TRUE(json.contains("bursts") && json.contains("tokens"));
}

}  // namespace
}  // namespace tessera
