#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <packet_builder.hpp>

#include <tessera/base/error.hpp>
#include <tessera/token/tokenizer.hpp>

namespace tessera::token {
namespace {

using testing::ElementsAre;

std::vector<TokenId> bigrams(std::string_view digits) {
    std::vector<TokenId> tokens;
    append_bigrams(test::hex(digits), tokens);
    return tokens;
}

TEST(Bigrams, OverlapByOneByte) {
    EXPECT_THAT(bigrams("45 00 ff 01"), ElementsAre(0x4500, 0x00ff, 0xff01));
}

TEST(Bigrams, FewerThanTwoBytesGiveNone) {
    EXPECT_TRUE(bigrams("").empty());
    EXPECT_TRUE(bigrams("45").empty());
    EXPECT_THAT(bigrams("ff ff"), ElementsAre(0xffff));
}

TEST(Bigrams, OfTwoPacketsDoNotMeet) {
    std::vector<TokenId> tokens;
    append_bigrams(test::hex("01 02"), tokens);
    append_bigrams(test::hex("03 04"), tokens);
    EXPECT_THAT(tokens, ElementsAre(0x0102, 0x0304));
}

// One token for each neighbouring pair, for every length up to a long packet.
TEST(Bigrams, HoldEveryPair) {
    test::Bytes bytes;
    for (unsigned n = 0; n < 1500; ++n) {
        bytes.push_back(static_cast<std::byte>((n * 37) & 0xff));
        std::vector<TokenId> tokens;
        append_bigrams(bytes, tokens);
        ASSERT_EQ(tokens.size(), n);
        for (unsigned i = 0; i < n; ++i) {
            ASSERT_EQ(tokens[i], ((i * 37) & 0xff) * 256 + (((i + 1) * 37) & 0xff));
        }
    }
}

TEST(TokenizerIdentity, HasAHashAndTheSizeOfTheVocabulary) {
    auto const identity = tokenizer_identity("bigram");
    EXPECT_EQ(identity.name, "bigram");
    EXPECT_EQ(identity.vocabulary, 65'536U);
    EXPECT_EQ(identity.hash.size(), 32U);
    EXPECT_THROW(tokenizer_identity("wordpiece"), base::Error);
}

}  // namespace
}  // namespace tessera::token
