#include <set>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/token/token_config.hpp>

namespace tessera::token {
namespace {

TEST(TokenSettings, SayAllThatDecidesTokens) {
    auto const text = token_settings({.masking = "T", .bytes_per_packet = 128});
    EXPECT_EQ(text.substr(text.find("masking")),
              "masking 1\nhide tcp_timestamp\nhide tcp_window\nstart network\nbytes 128\ntunnels "
              "inner\n");
}

TEST(TokenSettings, SayWhereThePaddingOfFramesIsKept) {
    auto const says = [](TokenConfig const& config) {
        return token_settings(config).find("trailer 1\n") != std::string::npos;
    };
    EXPECT_TRUE(says({.masking = "none", .start = "link"}));
    EXPECT_TRUE(says({.masking = "none", .start = "byte-38"}));
    EXPECT_FALSE(says({.masking = "none"}));
    EXPECT_FALSE(says({.start = "link"}));
    EXPECT_FALSE(says({.tokenizer = "deep-packet", .masking = "none", .start = "link"}));
}

TEST(TokenSettings, HashDiffersWithEach) {
    std::set<std::string> hashes;
    for (auto const& config :
         {TokenConfig{}, TokenConfig{.masking = "none"}, TokenConfig{.masking = "CTD"},
          TokenConfig{.start = "transport"}, TokenConfig{.bytes_per_packet = 128},
          TokenConfig{.tunnels = "outer"}, TokenConfig{.mask_values = "random"},
          TokenConfig{.checksums = "recompute"},
          TokenConfig{.masking = "none", .checksums = "zero"}}) {
        hashes.insert(token_settings_hash(config));
    }
    EXPECT_EQ(hashes.size(), 9U);
}

TEST(TokenSettings, HashIsEqualWhereTokensAre) {
    EXPECT_EQ(token_settings_hash({}), token_settings_hash({}));
    EXPECT_EQ(token_settings_hash({.masking = "none"}), token_settings_hash({.masking = "A1"}));
    EXPECT_EQ(token_settings_hash({.masking = "none"}),
              token_settings_hash({.masking = "none", .mask_values = "random"}));
    EXPECT_EQ(token_settings_hash({.checksums = "zero"}), token_settings_hash({}));
    EXPECT_EQ(token_settings_hash({.mask_values = "random"}),
              token_settings_hash({.mask_values = "random", .mask_seed = 7}));
}

TEST(TokenSettings, RefuseUnknownNames) {
    EXPECT_THROW(token_settings({.tokenizer = "?"}), base::Error);
    EXPECT_THROW(token_settings({.masking = "?"}), base::Error);
    EXPECT_THROW(token_settings({.tunnels = "?"}), base::Error);
}

}  // namespace
}  // namespace tessera::token
