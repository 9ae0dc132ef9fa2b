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
Config quickstart(std::string const& name) {
    Config config;
    base::OptionTable options;
    describe(options, config);
    base::read_config_file(options, config_file("quickstart/" + name));
    config.loop.store = "store";
    config.loop.run = "run";
    return config;
}

TEST(ConfigFiles, OfTheQuickStartFitTwoRanks) {
    auto const first = quickstart<PretrainConfig>("pretrain.toml");
    EXPECT_NO_THROW(check(first.loop, 2));
    EXPECT_NO_THROW(check(first.model));
    EXPECT_NO_THROW(check(first.data));
    auto const second = quickstart<FinetuneConfig>("finetune.toml");
    EXPECT_NO_THROW(check(second.loop, 2));
    EXPECT_NO_THROW(check(second.data));
}

}  // namespace
}  // namespace tessera::train
