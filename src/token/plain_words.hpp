#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tessera::token {

/// The words of a text (UTF-8) as BERT's basic tokenizer, uncased, takes them: control characters
/// are left out, white space parts, punctuation and CJK characters are words of their own, letters
/// become small and lose their accents (Latin-1 Supplement and Latin Extended-A; others stay).
std::vector<std::string> plain_words(std::string_view text);

}  // namespace tessera::token
