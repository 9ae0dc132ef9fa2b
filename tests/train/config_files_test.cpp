// The commented files in configs/ say what the option tables say.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include <tessera/base/files.hpp>
#include <tessera/train/finetune.hpp>
#include <tessera/train/pretrain.hpp>

namespace tessera::train {
namespace {

std::filesystem::path config_file(std::string const& name) {
    return std::filesystem::path(TESSERA_SOURCE_DIR) / "configs" / name;
}

/// Every option stands in the file with its default; one without a default is commented out.
template <class Config>
void expect_defaults(std::string const& name) {
    Config config;
    base::OptionTable options;
    describe(options, config);
    auto const defaults = options.as_toml(false);
    base::read_config_file(options, config_file(name));
    EXPECT_EQ(options.as_toml(false), defaults) << name;
    auto const text = base::read_text(config_file(name));
    for (auto const& option : options.all()) {
        bool const stands = text.find("\n" + option.name + " = ") != std::string::npos ||
                            text.find("\n# " + option.name + " = ") != std::string::npos;
        EXPECT_TRUE(stands) << name << " lacks " << option.name;
    }
}

TEST(ConfigFiles, ShowEveryOptionWithItsDefault) {
    expect_defaults<PretrainConfig>("pretrain.toml");
    expect_defaults<FinetuneConfig>("finetune.toml");
}

template <class Config>
Config settings_of(std::string const& name) {
    Config config;
    base::OptionTable options;
    describe(options, config);
    base::read_config_file(options, config_file(name));
    config.loop.store = "store";
    config.loop.run = "run";
    return config;
}

TEST(ConfigFiles, OfTheQuickStartFitTwoRanks) {
    auto const first = settings_of<PretrainConfig>("quickstart/pretrain.toml");
    EXPECT_NO_THROW(check(first.loop, 2));
    EXPECT_NO_THROW(check(first.model));
    EXPECT_NO_THROW(check(first.data));
    auto const second = settings_of<FinetuneConfig>("quickstart/finetune.toml");
    EXPECT_NO_THROW(check(second.loop, 2));
    EXPECT_NO_THROW(check(second.data));
}

TEST(ConfigFiles, OfTheRecipesMakeRuns) {
    for (auto const* name : {"reference.toml", "long.toml"}) {
        auto const config = settings_of<PretrainConfig>(name);
        EXPECT_NO_THROW(check(config.loop, 4)) << name;
        EXPECT_NO_THROW(check(config.model)) << name;
        EXPECT_NO_THROW(check(config.data)) << name;
    }
    EXPECT_EQ(settings_of<PretrainConfig>("reference.toml").loop.micro_batches(), 8);
}

}  // namespace
}  // namespace tessera::train
