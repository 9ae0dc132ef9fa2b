#pragma once

#include <memory>
#include <string>

#include <tessera/packet/frame.hpp>

namespace tessera::capture {

/// A filter in tcpdump's language (pcap-filter(7)), compiled by libpcap for one link type.
class Filter {
  public:
    /// Error(usage) with libpcap's message when it does not compile for this link type.
    Filter(std::string const& expression, packet::LinkType link);
    ~Filter();
    Filter(Filter&&) noexcept;
    Filter& operator=(Filter&&) noexcept;

    bool matches(packet::Frame const& frame) const;

  private:
    struct Program;
    std::unique_ptr<Program> program_;
};

}  // namespace tessera::capture
