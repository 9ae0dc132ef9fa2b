#include <span>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/dataset/vocabulary.hpp>

namespace tessera::dataset {

namespace {

bool is_whole(std::string const& text, token::TokenizerIdentity const& tokenizer) {
    return base::checksum(std::as_bytes(std::span(text))) == tokenizer.pieces;
}

}  // namespace

void publish_vocabulary(base::FileSystem& files, std::filesystem::path const& store,
                        std::filesystem::path const& vocabulary,
                        token::TokenizerIdentity const& tokenizer) {
    if (tokenizer.pieces.empty()) return;
    auto const text = base::read_text(vocabulary);
    base::validate(is_whole(text, tokenizer), base::ExitCode::environment,
                   "vocabulary '{}' was changed while tokens were made by it: run me again",
                   base::printable(vocabulary.string()));
    base::publish(files, store / vocabulary_name, text);
}

std::string read_vocabulary(std::filesystem::path const& store,
                            token::TokenizerIdentity const& tokenizer) {
    if (tokenizer.pieces.empty()) return {};
    auto const path = store / vocabulary_name;
    auto text = base::read_text(path);
    base::validate(is_whole(text, tokenizer), base::ExitCode::bad_input,
                   "'{}' is damaged: its checksum is not the manifest's; make the store again",
                   base::printable(path.string()));
    return text;
}

}  // namespace tessera::dataset
