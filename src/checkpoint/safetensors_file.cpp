#include "safetensors_header.hpp"

#include <cstring>
#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/checkpoint/safetensors.hpp>

namespace tessera::checkpoint {

namespace fs = std::filesystem;

namespace {

/// A link may lead out of the folder whose content was vouched for.
fs::path const& checked_regular(fs::path const& path) {
    std::error_code error;
    base::validate(fs::is_regular_file(fs::symlink_status(path, error)), base::ExitCode::bad_input,
                   "'{}' is no regular file: absent, a link or a folder",
                   base::printable(path.string()));
    return path;
}

}  // namespace

SafetensorsFile::SafetensorsFile(fs::path const& path) : path_(checked_regular(path)), file_(path) {
    auto header = parse_header(file_.bytes(), path_);
    data_begin_ = header.data_begin;
    entries_ = std::move(header.entries);
    metadata_ = std::move(header.metadata);
    for (std::size_t i = 0; i < entries_.size(); ++i) by_name_.emplace(entries_[i].name, i);
}

TensorEntry const* SafetensorsFile::find(std::string_view name) const {
    auto const found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &entries_[found->second];
}

TensorEntry const& SafetensorsFile::at(std::string_view name) const {
    auto const* entry = find(name);
    base::validate(entry != nullptr, base::ExitCode::bad_input, "'{}' holds no tensor '{}'",
                   base::printable(path_.string()), base::printable(name));
    return *entry;
}

at::Tensor SafetensorsFile::read(std::string_view name) const {
    auto const& entry = at(name);
    auto place = at::empty(entry.shape, entry.type);
    read_into(name, place);
    return place;
}

void SafetensorsFile::read_into(std::string_view name, at::Tensor const& place) const {
    auto const& entry = at(name);
    base::validate(place.scalar_type() == entry.type && place.sizes() == entry.shape,
                   base::ExitCode::bad_input, "tensor '{}' of '{}' is {} {}, {} {} was expected",
                   base::printable(name), base::printable(path_.string()),
                   c10::toString(entry.type), c10::str(at::IntArrayRef(entry.shape)),
                   c10::toString(place.scalar_type()), c10::str(place.sizes()));
    if (entry.end == entry.begin) return;
    if (place.is_contiguous()) {
        // The mapping may lie at any address: bytes, not elements.
        std::memcpy(place.data_ptr(), file_.bytes().data() + data_begin_ + entry.begin,
                    entry.end - entry.begin);
    } else {
        auto aligned = at::empty(entry.shape, entry.type);
        read_into(name, aligned);
        place.copy_(aligned);
    }
}

std::string SafetensorsFile::checksum() const {
    return base::checksum(file_.bytes());
}

}  // namespace tessera::checkpoint
