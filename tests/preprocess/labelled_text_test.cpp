#include "bigram_text.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/dataset/store.hpp>
#include <tessera/dataset/verify.hpp>
#include <tessera/preprocess/labelled_text.hpp>

namespace tessera::preprocess {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::vector<int>> numbers(std::string_view text) {
    std::vector<std::vector<int>> result;
    auto const packets = packets_of(text).value();
    for (auto const& packet : packets) {
        auto& row = result.emplace_back();
        for (auto const byte : packet) row.push_back(std::to_integer<int>(byte));
    }
    return result;
}

TEST(BigramText, OverlappingWordsAreOnePacket) {
    EXPECT_THAT(numbers("4500 0028 28FF "), ElementsAre(ElementsAre(0x45, 0, 0x28, 0xff)));
}

TEST(BigramText, AWordThatDoesNotOverlapBeginsTheNextPacket) {
    EXPECT_THAT(numbers("4500 0028 6001"),
                ElementsAre(ElementsAre(0x45, 0, 0x28), ElementsAre(0x60, 1)));
}

TEST(BigramText, OtherWordsAreRefused) {
    for (auto const* text : {"", "  ", "450", "45001", "45zz", "+450", "4500 [UNK]"}) {
        EXPECT_FALSE(packets_of(text)) << text;
    }
}

TEST(BigramText, NoPacketIsLongerThanAFlowCanHold) {
    std::string text;
    for (int i = 0; i < 65'534; ++i) text += "0000 ";
    EXPECT_TRUE(packets_of(text));
    EXPECT_FALSE(packets_of(text + "0000"));
}

class LabelledText : public testing::Test {
  protected:
    std::filesystem::path table(std::string const& name, std::string const& rows,
                                std::string const& header = "label\ttext_a") {
        std::ofstream(scratch_ / name, std::ios::binary) << header << "\r\n" << rows;
        return scratch_ / name;
    }

    test::Scratch scratch_;
};

TEST_F(LabelledText, BecomesAStoreWithTheSplitOfItsFiles) {
    auto const result = import_labelled_text(
        base::local_files(),
        {.input = {table("train_dataset.tsv", "1\t4500 0028 28ff \r\n0\t1234 3456\r\n1\tnone\r\n"),
                   table("valid_dataset.tsv", "0\t4500 6001 01ab\r\n"),
                   table("test_dataset.tsv", "\t4500\r\n1\t0102 0203\n")},
         .store = scratch_ / "store",
         .token = {}});
    EXPECT_EQ(result.refused, 2U);
    EXPECT_THAT(result.first_refusal, HasSubstr("train_dataset.tsv', line 4"));
    EXPECT_TRUE(dataset::verify_store(scratch_ / "store").empty());

    auto const store = dataset::open_store(scratch_ / "store");
    ASSERT_EQ(store.flows(), 4U);
    EXPECT_THAT(store.manifest().labels[0].classes, ElementsAre("0", "1"));
    EXPECT_EQ(store.manifest().packets_dropped.at("not_bigrams"), 2U);
    EXPECT_EQ(store.label(0, 0), 1);
    EXPECT_THAT(store.flow(0).tokens, ElementsAre(0x4500, 0x0028, 0x28ff));
    EXPECT_EQ(store.flow(2).packets, 2U);
    EXPECT_THAT(store.packet(store.flow(2).first_packet + 1).tokens, ElementsAre(0x6001, 0x01ab));

    dataset::SplitConfig split;
    split.by = "folder";
    auto const made = dataset::make_split(store, split);
    EXPECT_THAT(made.flows(dataset::Fold::train), ElementsAre(0, 1));
    EXPECT_THAT(made.flows(dataset::Fold::valid), ElementsAre(2));
    EXPECT_THAT(made.flows(dataset::Fold::test), ElementsAre(3));
}

TEST_F(LabelledText, WhatIsNoSuchTableIsRefusedAndLeavesNoStore) {
    auto const refused = [&](std::filesystem::path const& file, token::TokenConfig token = {}) {
        EXPECT_THROW(import_labelled_text(
                         base::local_files(),
                         {.input = {file}, .store = scratch_ / "store", .token = std::move(token)}),
                     base::Error);
        EXPECT_FALSE(std::filesystem::exists(scratch_ / "store"));
    };
    refused(table("plain.tsv", "0\t4500\n", "class\ttext"));
    refused(scratch_ / "absent.tsv");
    token::TokenConfig bytes;
    bytes.tokenizer = "byte";
    refused(table("good.tsv", "0\t4500\n"), bytes);
}

}  // namespace
}  // namespace tessera::preprocess
