#include <array>
#include <fstream>

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/checkpoint/bundle.hpp>

namespace tessera::checkpoint {
namespace {

namespace fs = std::filesystem;

BundleInfo info() {
    BundleInfo info;
    info.task = "flow";
    info.label_set = "service";
    info.classes = {"mail", "web \"quoted\"", "ünïcode"};
    info.tokenizer = "bigram";
    info.masking = "default";
    info.token_settings = "0123";
    info.sequence_length = 128;
    info.provenance = {{"seed", "1"}};
    info.preprocess_toml = "[token]\nbytes_per_packet = 64\n";
    info.model_toml = "[model]\nlayers = 2\n";
    info.data_toml = "[data]\nlevel = \"flow\"\n";
    info.vocabulary = "[UNK]\n4500\n##00\n";
    return info;
}

void write(fs::path const& folder, double value) {
    std::array const weights{NamedTensor{"w", at::full({3}, value)}};
    write_bundle(base::local_files(), folder, info(), weights);
}

TEST(Bundle, GivesBackWhatWasWritten) {
    test::Scratch const scratch;
    EXPECT_FALSE(is_bundle(scratch / "b"));
    write(scratch / "b", 1);
    write(scratch / "b", 2);  // replaces
    auto const bundle = open_bundle(scratch / "b");
    EXPECT_EQ(bundle.info.classes, info().classes);
    EXPECT_EQ(bundle.info.sequence_length, 128);
    EXPECT_EQ(bundle.info.provenance, info().provenance);
    EXPECT_EQ(bundle.info.preprocess_toml, info().preprocess_toml);
    EXPECT_EQ(base::read_text(bundle.model_file()), info().model_toml);
    EXPECT_EQ(base::read_text(bundle.data_file()), info().data_toml);
    EXPECT_EQ(base::read_text(bundle.vocabulary_file()), info().vocabulary);
    EXPECT_EQ(bundle.weights.read("w")[0].item<float>(), 2);
    EXPECT_FALSE(fs::exists(scratch / "b.tmp"));
}

TEST(Bundle, TakesThePlaceOfNothingButABundle) {
    test::Scratch const scratch;
    fs::create_directories(scratch / "models");
    EXPECT_NO_THROW(require_bundle_place(scratch / "models"));
    std::ofstream(scratch / "models" / "thesis.txt") << "years";
    EXPECT_THROW(require_bundle_place(scratch / "models"), base::Error);
    EXPECT_THROW(write(scratch / "models", 1), base::Error);
    EXPECT_EQ(base::read_text(scratch / "models" / "thesis.txt"), "years");
}

TEST(Bundle, FindsDamageInEveryFile) {
    test::Scratch const scratch;
    write(scratch / "b", 1);
    for (auto const& item : fs::directory_iterator(scratch / "b")) {
        auto const whole = base::read_text(item.path());
        for (std::size_t place = 0; place < whole.size(); place += 3) {
            auto damaged = whole;
            damaged[place] = static_cast<char>(damaged[place] ^ 4);
            std::ofstream(item.path(), std::ios::binary) << damaged;
            EXPECT_THROW(open_bundle(scratch / "b"), base::Error)
                << item.path() << " byte " << place;
        }
        std::ofstream(item.path(), std::ios::binary) << whole;
        EXPECT_NO_THROW(open_bundle(scratch / "b"));
    }
    fs::remove(scratch / "b" / "model.toml");
    EXPECT_THROW(open_bundle(scratch / "b"), base::Error);
    EXPECT_THROW(open_bundle(scratch / "absent"), base::Error);
}

// A few MB of brackets in a stranger's file once overflowed the stack.
TEST(Bundle, RefusesBottomlessNesting) {
    test::Scratch const scratch;
    write(scratch / "b", 1);
    std::string const levels(2'000'000, '[');
    std::ofstream(scratch / "b" / "bundle.json")
        << R"({"content": )" << levels << std::string(levels.size(), ']') << "}";
    EXPECT_THROW(open_bundle(scratch / "b"), base::Error);
}

}  // namespace
}  // namespace tessera::checkpoint
