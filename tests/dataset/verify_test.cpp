#include "made_flows.hpp"
#include "scratch.hpp"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/dataset/verify.hpp>

namespace tessera {
namespace {

using dataset::StoreCheck;

void write_bytes(std::filesystem::path const& path, std::string const& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

/// Reads everything a store offers; what it finds does not matter, that it ends does.
std::uint64_t read_everything(dataset::Store const& store) {
    std::uint64_t sum = 0;
    auto const attempt = [&](auto const& read) {
        try {
            read();
        } catch (base::Error const&) {
            ++sum;
        }
    };
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        attempt([&] {
            for (auto const token : store.flow(i).tokens) sum += token;
        });
        attempt([&] { sum += static_cast<std::uint64_t>(store.label(i, 0) + 1); });
    }
    for (std::uint64_t i = 0; i < store.bursts(); ++i) {
        attempt([&] {
            for (auto const token : store.burst(i).tokens) sum += token;
        });
    }
    for (std::uint64_t i = 0; i < store.packets(); ++i) {
        attempt([&] {
            for (auto const token : store.packet(i).tokens) sum += token;
        });
    }
    return sum;
}

class VerifyTest : public testing::Test {
  protected:
    VerifyTest() {
        test::write_store(base::local_files(), scratch_.path(), test::random_units(21, 2, 12),
                          test::three_classes());
        auto const store = dataset::open_store(scratch_.path());
        auto split = dataset::make_split(store, {});
        dataset::publish_split(base::local_files(), store, split);
    }

    test::Scratch scratch_;
    base::RandomStream random_{22, base::Purpose::test, 0, 0};
};

TEST_F(VerifyTest, FindsNothingInASoundStore) {
    for (auto const& finding : dataset::verify_store(scratch_.path())) {
        ADD_FAILURE() << finding.file << ": " << finding.what;
    }
}

TEST_F(VerifyTest, FindsAFlippedBitAnywhere) {
    for (auto const* file :
         {"shard-00000.h5", "shard-00001.h5", "index.h5", "manifest.json", "splits/default.json"}) {
        auto const whole = base::read_text(scratch_ / file);
        for (int i = 0; i < 60; ++i) {
            auto damaged = whole;
            auto const place = random_.below(whole.size());
            damaged[place] = static_cast<char>(damaged[place] ^ (1 << random_.below(8)));
            write_bytes(scratch_ / file, damaged);
            EXPECT_FALSE(dataset::verify_store(scratch_.path()).empty()) << file << " @" << place;
        }
        write_bytes(scratch_ / file, whole);
    }
}

TEST_F(VerifyTest, FindsAFileCutAnywhere) {
    for (auto const* file :
         {"shard-00000.h5", "index.h5", "manifest.json", "splits/default.json"}) {
        auto const whole = base::read_text(scratch_ / file);
        for (int i = 0; i < 20; ++i) {
            write_bytes(scratch_ / file, whole.substr(0, random_.below(whole.size())));
            EXPECT_FALSE(dataset::verify_store(scratch_.path()).empty()) << file;
        }
        write_bytes(scratch_ / file, whole);
    }
}

TEST_F(VerifyTest, FindsMissingAndForeignFiles) {
    std::filesystem::copy(scratch_ / "shard-00000.h5", scratch_ / "shard-00007.h5");
    write_bytes(scratch_ / "shard-00001.h5.tmp", "x");
    EXPECT_EQ(dataset::verify_store(scratch_.path()).size(), 2U);
    std::filesystem::remove(scratch_ / "shard-00000.h5");
    EXPECT_EQ(dataset::verify_store(scratch_.path()).size(), 3U);
    std::filesystem::remove(scratch_ / "manifest.json");
    EXPECT_EQ(dataset::verify_store(scratch_.path()).size(), 1U);
}

TEST_F(VerifyTest, OpeningChecksTheShardsOfASmallStore) {
    auto damaged = base::read_text(scratch_ / "shard-00001.h5");
    damaged[damaged.size() / 2] ^= 1;
    write_bytes(scratch_ / "shard-00001.h5", damaged);
    EXPECT_THROW(dataset::open_store(scratch_.path()), base::Error);
    EXPECT_NO_THROW(dataset::open_store(scratch_.path(), StoreCheck::sizes));
}

// Meant for the sanitizer build: whatever the columns say, no read leaves the file.
TEST_F(VerifyTest, ReadsDamagedColumnsWithoutLeavingThem) {
    auto const whole = base::read_text(scratch_ / "shard-00000.h5");
    auto const entry = dataset::read_manifest(scratch_.path()).shards.at(0);
    for (int round = 0; round < 100; ++round) {
        auto damaged = whole;
        for (auto const& [name, place] : entry.columns) {
            if (random_.below(3) > 0) continue;
            // Spare the first 16 bytes: a bounds column that begins wrongly is refused on opening.
            auto const at = place + 16 + random_.below(64);
            damaged[at] = static_cast<char>(random_.below(256));
        }
        write_bytes(scratch_ / "shard-00000.h5", damaged);
        try {
            read_everything(dataset::open_store(scratch_.path(), StoreCheck::sizes));
        } catch (base::Error const& error) {
            EXPECT_EQ(error.code(), base::ExitCode::bad_input);
        }
    }
}

}  // namespace
}  // namespace tessera
