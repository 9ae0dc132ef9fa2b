#include "mapped_source.hpp"

#include <algorithm>

namespace tessera::capture {

namespace {

constexpr std::size_t stretch = std::size_t{4} << 20U;  // bytes resident at most, but for records

}  // namespace

MappedSource::MappedSource(std::filesystem::path const& path)
    : file_(path), end_(file_.bytes().size()) {
    file_.expect_sequential();
}

void MappedSource::narrow(std::uint64_t begin, std::uint64_t end) {
    jump(begin);
    end_ = end;
}

bool MappedSource::refill(std::size_t count) {
    auto const rest = file_.bytes().first(end_).subspan(offset());
    file_.release_before(offset());
    window_ = rest.first(std::min(rest.size(), std::max(count, stretch)));
    file_.fetch(offset(), std::min(window_.size(), stretch));
    return window_.size() >= count;
}

}  // namespace tessera::capture
