#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include <tessera/packet/frame.hpp>

namespace tessera::capture {

/// A filter in tcpdump's language (pcap-filter(7)), compiled by libpcap for one link type. An
/// expression that has no meaning on this link type but on others (`ether host` on raw IP) matches
/// nothing here, as a corpus may hold several link types.
class Filter {
  public:
    /// Error(usage) with libpcap's message when the expression means nothing on any link type.
    Filter(std::string const& expression, packet::LinkType link);
    ~Filter();
    Filter(Filter&&) noexcept;
    Filter& operator=(Filter&&) noexcept;

    bool matches(packet::Frame const& frame) const;

  private:
    struct Program;
    std::unique_ptr<Program> program_;  // null: matches nothing
};

/// One expression for every link type that comes; an empty one lets every frame pass.
class Filters {
  public:
    explicit Filters(std::string expression) : expression_(std::move(expression)) {}

    bool pass(packet::Frame const& frame) {
        return expression_.empty() || of(frame.link).matches(frame);
    }

  private:
    Filter const& of(packet::LinkType link);

    std::string expression_;
    std::map<packet::LinkType, Filter> filters_;
};

}  // namespace tessera::capture
