// Tokens against what the two reference systems gave for the same captures (shared/reference).
#include <algorithm>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <safetensors_fixture.hpp>
#include <scratch.hpp>
#include <zlib.h>

#include <tessera/base/error.hpp>
#include <tessera/capture/capture_reader.hpp>
#include <tessera/packet/decode.hpp>
#include <tessera/token/packet_cutter.hpp>
#include <tessera/token/word_pieces.hpp>

namespace tessera::token {
namespace {

namespace fs = std::filesystem;

std::string unpacked(fs::path const& path) {
    std::unique_ptr<gzFile_s, int (*)(gzFile)> const file(gzopen(path.c_str(), "rb"), gzclose);
    std::string text;
    std::vector<char> piece(1 << 16);
    for (int count = 0; (count = gzread(file.get(), piece.data(), 1 << 16)) > 0;) {
        text.append(piece.data(), static_cast<std::size_t>(count));
    }
    return text;
}

class EtBertVocabulary : public testing::Test {
  protected:
    void SetUp() override {
        shared_ = test::shared_folder();
        if (!shared_) GTEST_SKIP() << "no shared references here";
        std::ofstream(file()) << unpacked(*shared_ / "reference/etbert_vocab.txt.gz");
    }
    fs::path file() const { return scratch_ / "vocab.txt"; }

    std::optional<fs::path> shared_;
    test::Scratch scratch_;
};

TEST_F(EtBertVocabulary, TextsGiveTheIdsOfTheReference) {
    WordPieces const pieces(file());
    std::ifstream lines(*shared_ / "reference/etbert_tokenizer.jsonl");
    int texts = 0;
    for (std::string line; std::getline(lines, line); ++texts) {
        auto const json = nlohmann::json::parse(line);
        auto const ids = json.at("ids").get<std::vector<TokenId>>();
        EXPECT_EQ(pieces.encode(json.at("text").get<std::string>()), ids) << json.at("text");
    }
    EXPECT_EQ(texts, 101);
}

// The facts name the histogram of all 65,536 words of four hex digits: 57,640 give one id, 7,896
// two, none [UNK] (id 3).
TEST_F(EtBertVocabulary, EveryBigramIsOneOrTwoPieces) {
    WordPieces const pieces(file());
    EXPECT_EQ(pieces.size(), 60'005U);
    std::map<std::size_t, int> by_count;
    for (unsigned bigram = 0; bigram < 65'536; ++bigram) {
        std::byte const bytes[] = {static_cast<std::byte>(bigram >> 8U),
                                   static_cast<std::byte>(bigram & 0xffU)};
        std::vector<TokenId> tokens;
        pieces.append_bigrams(bytes, tokens);
        ++by_count[tokens.size()];
        EXPECT_EQ(std::count(tokens.begin(), tokens.end(), TokenId{3}), 0);
    }
    EXPECT_EQ(by_count, (std::map<std::size_t, int>{{1, 57'640}, {2, 7'896}}));
}

// As in a store: the words of a text, one after the other, are the tokens of the bytes.
TEST_F(EtBertVocabulary, BytesGiveTheTokensOfTheirText) {
    Tokenizer const tokenizer({.tokenizer = "wordpiece", .vocabulary = file()});
    EXPECT_EQ(tokenizer.identity().vocabulary, 60'005U);
    std::vector<TokenId> tokens;
    std::byte const bytes[] = {std::byte{0x45}, std::byte{0x00}, std::byte{0x3c}};
    tokenizer.append(bytes, tokens);
    EXPECT_EQ(tokens, WordPieces(file()).encode("4500 003c"));
}

using Vector = std::vector<std::byte>;

// Every packet of a capture as the tokenizer lays it out; nothing where it is no TCP or UDP.
std::vector<Vector> laid_out(fs::path const& path, TokenConfig const& config) {
    std::vector<Vector> packets;
    PacketCutter cutter(config);
    auto const reader = capture::open_capture(path);
    for (packet::Frame frame; reader->next(frame);) {
        auto& vector = packets.emplace_back();
        auto const decoded = packet::decode(frame);
        auto const* packet = std::get_if<packet::Packet>(&decoded);
        if (packet == nullptr) continue;
        auto const bytes = cutter.cut(*packet);
        vector.assign(bytes.begin(), bytes.end());
    }
    return packets;
}

// 64 packets of 21 captures; those that are neither TCP nor UDP have no place in a store.
TEST(DeepPacketVectors, AsCodedEqualThoseOfTheReimplementation) {
    auto const shared = test::shared_folder();
    if (!shared) GTEST_SKIP() << "no shared references here";
    test::SafetensorsFixture const fixture(*shared / "reference/deeppacket_vectors.safetensors");
    auto const expected = fixture.bytes("vectors");
    std::ifstream file(*shared / "reference/deeppacket_vectors.json");
    auto const names = nlohmann::json::parse(file);
    std::map<std::string, std::vector<Vector>> captures;
    int compared = 0;
    for (auto const& row : names.at("rows")) {
        auto const name = row.at("capture").get<std::string>();
        if (!captures.contains(name)) {
            captures[name] = laid_out(*shared / "data/public" / name,
                                      {.tokenizer = "deep-packet-as-coded", .masking = "none"});
        }
        auto vector = captures[name].at(row.at("packet").get<std::size_t>());
        if (vector.empty()) continue;
        vector.resize(1500);  // the reader's zeros
        auto const first = expected.begin() + row.at("row").get<std::ptrdiff_t>() * 1500;
        EXPECT_TRUE(std::equal(vector.begin(), vector.end(), first, first + 1500)) << row.dump();
        ++compared;
    }
    EXPECT_EQ(compared, 56);
}

}  // namespace
}  // namespace tessera::token
