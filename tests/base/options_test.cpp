#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/options.hpp>

namespace tessera::base {
namespace {

using testing::HasSubstr;

struct Settings {
    std::int64_t batch = 32;
    double rate = 2e-5;
    bool tied = true;
    std::string style = "linear";
    std::vector<std::string> inputs;
};

OptionTable table_of(Settings& settings) {
    OptionTable table;
    table.section("train")
        .add("micro_batch_size", settings.batch, "sequences a micro-batch")
        .add("lr", settings.rate, "peak learning rate")
        .add("tied", settings.tied, "one table for both ends")
        .add("lr_decay_style", settings.style, "shape", {"linear", "cosine"});
    table.section("data").add("input", settings.inputs, "captures");
    return table;
}

void write(std::filesystem::path const& path, std::string const& text) {
    std::ofstream(path) << text;
}

std::string error_of(std::function<void()> const& work) {
    try {
        work();
    } catch (Error const& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        return error.what();
    }
    return "no error";
}

TEST(Options, OneEntryGivesFlagKeyAndVariable) {
    Settings settings;
    auto const table = table_of(settings);
    EXPECT_EQ(table.all()[0].key(), "train.micro_batch_size");
    EXPECT_EQ(table.all()[0].flag(), "--micro-batch-size");
    EXPECT_EQ(table.all()[0].environment(), "TESSERA_TRAIN_MICRO_BATCH_SIZE");
}

TEST(Options, AConfigFileSetsFieldsAndOrigins) {
    test::Scratch scratch;
    write(scratch / "a.toml",
          "[train]\nmicro_batch_size = 8\nlr = 1e-3\ntied = false\n[data]\ninput = ['a', 'b']\n");
    Settings settings;
    auto table = table_of(settings);
    read_config_file(table, scratch / "a.toml");
    EXPECT_EQ(settings.batch, 8);
    EXPECT_DOUBLE_EQ(settings.rate, 1e-3);
    EXPECT_FALSE(settings.tied);
    EXPECT_EQ(settings.inputs, (std::vector<std::string>{"a", "b"}));
    EXPECT_THAT(table.all()[0].origin, HasSubstr("a.toml:2"));
    EXPECT_EQ(table.all()[3].origin, "default");
}

TEST(Options, AllFaultsOfAFileAreToldAtOnceWithLineAndNearestName) {
    test::Scratch scratch;
    write(scratch / "bad.toml", "[train]\nmicro_batch_sise = 8\nlr = 'fast'\nlr_decay_style='x'\n");
    Settings settings;
    auto table = table_of(settings);
    auto const line = error_of([&] { read_config_file(table, scratch / "bad.toml"); });
    EXPECT_THAT(line, HasSubstr("bad.toml:2"));
    EXPECT_THAT(line, HasSubstr("did you mean 'train.micro_batch_size'?"));
    EXPECT_THAT(line, HasSubstr("'fast' is no number"));
    EXPECT_THAT(line, HasSubstr("none of linear, cosine"));
}

TEST(Options, BrokenTomlNamesFileAndLine) {
    test::Scratch scratch;
    write(scratch / "broken.toml", "[train]\nlr = = 3\n");
    Settings settings;
    auto table = table_of(settings);
    EXPECT_THAT(error_of([&] { read_config_file(table, scratch / "broken.toml"); }),
                HasSubstr("broken.toml:2"));
}

TEST(Options, TheEnvironmentSetsAValue) {
    ::setenv("TESSERA_TRAIN_LR", "0.5", 1);
    Settings settings;
    auto table = table_of(settings);
    read_environment(table);
    ::unsetenv("TESSERA_TRAIN_LR");
    EXPECT_DOUBLE_EQ(settings.rate, 0.5);
}

TEST(Options, ASlipInAVariableIsTold) {
    Settings settings;
    auto const table = table_of(settings);
    EXPECT_EQ(table.nearly("TESSERA_TRAIN_RL"), "TESSERA_TRAIN_LR");
    EXPECT_EQ(table.nearly("TESSERA_TRAIN_LR"), "");
    EXPECT_EQ(table.nearly("TESSERA_EVALUATE_OUTPUT"), "");  // of another command
}

TEST(Options, AListInTheEnvironmentIsPartedAsPathIs) {
    ::setenv("TESSERA_DATA_INPUT", "first folder:second", 1);
    Settings settings;
    auto table = table_of(settings);
    read_environment(table);
    ::unsetenv("TESSERA_DATA_INPUT");
    EXPECT_EQ(settings.inputs, (std::vector<std::string>{"first folder", "second"}));
}

TEST(Options, WhatIsWrittenReadsBackTheSame) {
    test::Scratch scratch;
    Settings settings{.batch = 3,
                      .rate = 1,
                      .tied = false,
                      .style = "cosine",
                      .inputs = {"with \"quotes\"", "back\\slash"}};
    write(scratch / "out.toml", table_of(settings).as_toml(true));
    Settings read;
    auto table = table_of(read);
    read_config_file(table, scratch / "out.toml");
    EXPECT_EQ(read.batch, 3);
    EXPECT_DOUBLE_EQ(read.rate, 1);
    EXPECT_EQ(read.style, "cosine");
    EXPECT_EQ(read.inputs, settings.inputs);
}

}  // namespace
}  // namespace tessera::base
