#include <algorithm>

#include <pcap/pcap.h>

#include <tessera/base/error.hpp>
#include <tessera/capture/filter.hpp>

namespace tessera::capture {

namespace {

constexpr int snap_length = 262'144;

// libpcap numbers link types by the operating system's DLT_ values, files by LINKTYPE_ ones; they
// differ where systems do.
int data_link(packet::LinkType link) {
    switch (link) {
        case packet::LinkType::raw_ip:
        case packet::LinkType::raw_ip_bsd:
        case packet::LinkType::raw_ip_openbsd:
            return DLT_RAW;
        default:
            return static_cast<int>(link);
    }
}

struct Compiler {
    explicit Compiler(packet::LinkType link)
        : handle(pcap_open_dead(data_link(link), snap_length)) {
        base::validate(handle != nullptr, base::ExitCode::environment,
                       "cannot start libpcap: out of memory");
    }
    ~Compiler() { pcap_close(handle); }
    Compiler(Compiler const&) = delete;
    Compiler& operator=(Compiler const&) = delete;

    pcap_t* handle;
};

}  // namespace

struct Filter::Program {
    bpf_program code{};

    Program() = default;
    ~Program() { pcap_freecode(&code); }
    Program(Program const&) = delete;
    Program& operator=(Program const&) = delete;
};

Filter::Filter(std::string const& expression, packet::LinkType link)
    : program_(std::make_unique<Program>()) {
    Compiler const compiler(link);
    constexpr int optimise = 1;
    auto const result = pcap_compile(compiler.handle, &program_->code, expression.c_str(), optimise,
                                     PCAP_NETMASK_UNKNOWN);
    base::validate(result == 0, base::ExitCode::usage,
                   "filter '{}' does not compile for link type {}: {}; see pcap-filter(7)",
                   expression, static_cast<unsigned>(link), pcap_geterr(compiler.handle));
}

Filter::~Filter() = default;
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;

bool Filter::matches(packet::Frame const& frame) const {
    pcap_pkthdr header{};
    header.caplen = static_cast<bpf_u_int32>(frame.bytes.size());
    header.len = std::max(frame.wire_length, header.caplen);
    auto const* bytes = reinterpret_cast<u_char const*>(frame.bytes.data());
    return pcap_offline_filter(&program_->code, &header, bytes) != 0;
}

}  // namespace tessera::capture
