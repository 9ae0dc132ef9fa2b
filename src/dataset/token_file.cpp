#include "token_file.hpp"

#include <system_error>
#include <utility>
#include <vector>

namespace tessera::dataset {

TokenFile::TokenFile(base::FileSystem& files, std::filesystem::path path)
    : files_(files), path_(std::move(path)) {}

TokenFile::~TokenFile() {
    if (!file_) return;
    file_.reset();
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

void TokenFile::append(base::ByteSpan tokens) {
    if (!file_) {
        file_ = files_.create(path_);
        file_->write(std::vector<std::byte>(tokens_place));
    }
    file_->write(tokens);
    bytes_ += tokens.size();
}

void TokenFile::hand_over() {
    if (file_) std::exchange(file_, nullptr)->close();
}

}  // namespace tessera::dataset
