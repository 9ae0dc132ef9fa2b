#include <fstream>

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/dataset/vocabulary.hpp>

namespace tessera::dataset {
namespace {

namespace fs = std::filesystem;

class Vocabulary : public testing::Test {
  protected:
    void write(std::string const& text) const { std::ofstream(file_) << text; }

    test::Scratch scratch_;
    fs::path const file_ = scratch_ / "pieces.txt";
    fs::path const store_ = scratch_.path();
};

TEST_F(Vocabulary, LiesInTheStore) {
    write("[UNK]\n45\n##00\n");
    auto const identity =
        token::tokenizer_identity({.tokenizer = "wordpiece", .vocabulary = file_});
    publish_vocabulary(base::local_files(), store_, file_, identity);
    fs::remove(file_);
    EXPECT_EQ(read_vocabulary(store_, identity), "[UNK]\n45\n##00\n");
    std::ofstream(store_ / vocabulary_name) << "[UNK]\n45\n##01\n";
    EXPECT_THROW(read_vocabulary(store_, identity), base::Error);
    fs::remove(store_ / vocabulary_name);
    EXPECT_THROW(read_vocabulary(store_, identity), base::Error);
}

TEST_F(Vocabulary, MustStayAsItWas) {
    write("[UNK]\n45\n");
    auto const identity =
        token::tokenizer_identity({.tokenizer = "wordpiece", .vocabulary = file_});
    write("[UNK]\n46\n");
    EXPECT_THROW(publish_vocabulary(base::local_files(), store_, file_, identity), base::Error);
    EXPECT_FALSE(fs::exists(store_ / vocabulary_name));
}

TEST_F(Vocabulary, IsNoMatterOfOtherTokenizers) {
    auto const identity = token::tokenizer_identity({});
    publish_vocabulary(base::local_files(), store_, {}, identity);
    EXPECT_FALSE(fs::exists(store_ / vocabulary_name));
    EXPECT_EQ(read_vocabulary(store_, identity), "");
}

}  // namespace
}  // namespace tessera::dataset
