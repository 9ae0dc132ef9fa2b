#include "mapped_source.hpp"

#include <algorithm>

namespace tessera::capture {

namespace {

constexpr std::size_t stretch = std::size_t{4} << 20U;  // bytes resident at most, but for records

}  // namespace

MappedSource::MappedSource(std::filesystem::path const& path)
    : file_(path), until_(file_.bytes().size()) {
    file_.expect_sequential();
}

void MappedSource::go_to(std::uint64_t begin, std::uint64_t until) {
    file_.release(resident_, std::max(offset(), begin));
    resident_ = begin;
    until_ = until;
    jump(begin);
}

bool MappedSource::refill(std::size_t count) {
    auto const rest = file_.bytes().subspan(offset());
    file_.release(resident_, offset());
    resident_ = offset();
    auto const wanted = until_ > offset() ? std::min(stretch, until_ - offset()) : count;
    window_ = rest.first(std::min(rest.size(), std::max(count, wanted)));
    file_.fetch(offset(), std::min(window_.size(), stretch));
    return window_.size() >= count;
}

}  // namespace tessera::capture
