#include <algorithm>
#include <array>

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

    /// libpcap's complaint; empty when it compiled.
    std::string compile(std::string const& expression, packet::LinkType link) {
        Compiler const compiler(link);
        constexpr int optimise = 1;
        auto const result = pcap_compile(compiler.handle, &code, expression.c_str(), optimise,
                                         PCAP_NETMASK_UNKNOWN);
        return result == 0 ? "" : pcap_geterr(compiler.handle);
    }
};

namespace {

// Between them they give every word of the language a meaning.
constexpr std::array telling_links{packet::LinkType::ethernet, packet::LinkType::raw_ip,
                                   packet::LinkType::radiotap, packet::LinkType::linux_cooked};

}  // namespace

Filter::Filter(std::string const& expression, packet::LinkType link)
    : program_(std::make_unique<Program>()) {
    auto const complaint = program_->compile(expression, link);
    if (complaint.empty()) return;
    program_.reset();
    bool const means_something = std::any_of(
        telling_links.begin(), telling_links.end(),
        [&](packet::LinkType other) { return Program().compile(expression, other).empty(); });
    base::validate(means_something, base::ExitCode::usage,
                   "filter '{}' does not compile: {}; see pcap-filter(7)", expression, complaint);
}

Filter::~Filter() = default;
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;

bool Filter::matches(packet::Frame const& frame) const {
    if (program_ == nullptr) return false;
    pcap_pkthdr header{};
    header.caplen = static_cast<bpf_u_int32>(frame.bytes.size());
    header.len = std::max(frame.wire_length, header.caplen);
    auto const* bytes = reinterpret_cast<u_char const*>(frame.bytes.data());
    return pcap_offline_filter(&program_->code, &header, bytes) != 0;
}

Filter const& Filters::of(packet::LinkType link) {
    auto found = filters_.find(link);
    if (found == filters_.end()) found = filters_.emplace(link, Filter(expression_, link)).first;
    return found->second;
}

}  // namespace tessera::capture
