#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <packet_builder.hpp>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/token/tokenizer.hpp>
#include <tessera/token/word_pieces.hpp>

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

std::vector<TokenId> tokens_of(std::string const& tokenizer, std::string_view digits) {
    std::vector<TokenId> tokens;
    Tokenizer({.tokenizer = tokenizer}).append(test::hex(digits), tokens);
    return tokens;
}

TEST(Tokenizers, ByName) {
    EXPECT_THAT(tokens_of("bigram", "45 00 ff"), ElementsAre(0x4500, 0x00ff));
    EXPECT_THAT(tokens_of("bigram-pairs", "45 00 ff 01 07"), ElementsAre(0x4500, 0xff01));
    EXPECT_THAT(tokens_of("byte", "45 00 ff"), ElementsAre(0x45, 0x00, 0xff));
    EXPECT_THAT(tokens_of("deep-packet", "45 00"), ElementsAre(0x45, 0x00));
}

TEST(TokenizerIdentity, HasAHashAndTheSizeOfTheVocabulary) {
    auto const identity = tokenizer_identity({});
    EXPECT_EQ(identity.name, "bigram");
    EXPECT_EQ(identity.vocabulary, 65'536U);
    EXPECT_EQ(identity.hash.size(), 32U);
    EXPECT_EQ(tokenizer_identity({.tokenizer = "deep-packet"}).vocabulary, 256U);
    EXPECT_THROW(tokenizer_identity({.tokenizer = "?"}), base::Error);
    EXPECT_THROW(tokenizer_identity({.tokenizer = "wordpiece"}), base::Error);  // no vocabulary
}

class WordPieceFile : public testing::Test {
  protected:
    std::vector<TokenId> encoded(std::string const& vocabulary, std::string_view text) {
        std::ofstream(scratch_ / "vocabulary.txt") << vocabulary;
        return WordPieces(scratch_ / "vocabulary.txt").encode(text);
    }

    test::Scratch scratch_;
};

TEST_F(WordPieceFile, LongestPieceFirst) {
    EXPECT_THAT(encoded("[UNK]\n45\n4500\n##00\n##0\n", "4500 450 45000 46"),
                ElementsAre(2, 1, 4, 2, 4, 0));
}

TEST_F(WordPieceFile, IsRefusedWithoutUnknownOrWithAPieceTwice) {
    EXPECT_THROW(encoded("45\n", ""), base::Error);
    EXPECT_THROW(encoded("[UNK]\n45\n45\n", ""), base::Error);
}

}  // namespace
}  // namespace tessera::token
