#include "corpus.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <variant>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/mapped_file.hpp>
#include <tessera/capture/capture_files.hpp>
#include <tessera/capture/capture_reader.hpp>
#include <tessera/capture/sliced_capture.hpp>
#include <tessera/packet/decode.hpp>

namespace tessera::apps {

namespace {

constexpr std::uint32_t snap_length = 262'144;

struct FileHeader {
    std::uint32_t magic = 0xa1b23c4d;  // pcap with nanosecond stamps
    std::uint16_t major = 2;
    std::uint16_t minor = 4;
    std::int32_t zone = 0;
    std::uint32_t accuracy = 0;
    std::uint32_t snap = snap_length;
    std::uint32_t link = 1;  // Ethernet
};

struct RecordHeader {
    std::uint32_t seconds;
    std::uint32_t nanoseconds;
    std::uint32_t captured;
    std::uint32_t wire;
};

/// Appends frames to one pcap file, with the addresses of the round.
class CorpusWriter {
  public:
    explicit CorpusWriter(std::filesystem::path const& path)
        : path_(path), file_(path, std::ios::binary) {
        put(FileHeader{});
    }

    void add(packet::Frame const& frame, std::uint16_t round) {
        auto const size = std::min<std::size_t>(frame.bytes.size(), snap_length);
        bytes_.assign(frame.bytes.begin(), frame.bytes.begin() + static_cast<std::ptrdiff_t>(size));
        change_addresses(frame, round);
        auto const time = static_cast<std::uint64_t>(std::max<std::int64_t>(frame.time, 0));
        auto const seconds = time / 1'000'000'000 + std::uint64_t{round} * 86'400;
        put(RecordHeader{static_cast<std::uint32_t>(seconds),
                         static_cast<std::uint32_t>(time % 1'000'000'000),
                         static_cast<std::uint32_t>(size), frame.wire_length});
        file_.write(reinterpret_cast<char const*>(bytes_.data()),
                    static_cast<std::streamsize>(size));
        written_ += size;
        ++packets_;
        base::validate(file_.good(), base::ExitCode::environment, "cannot write '{}' at byte {}",
                       base::printable(path_.string()), written_);
    }

    std::uint64_t written() const { return written_; }
    std::uint64_t packets() const { return packets_; }

  private:
    // Both ends move alike, so that the two directions of a flow stay one flow.
    void change_addresses(packet::Frame const& frame, std::uint16_t round) {
        auto const decoded = packet::decode(frame);
        auto const* packet = std::get_if<packet::Packet>(&decoded);
        if (packet == nullptr || packet->end > bytes_.size()) return;
        auto const ipv4 = packet->ip_version == 4;
        auto const first = packet->network + (ipv4 ? 13U : 10U);
        for (auto const at : {first, first + (ipv4 ? 4U : 16U)}) {
            bytes_[at] ^= static_cast<std::byte>(round & 0xFFU);
            bytes_[at + 1] ^= static_cast<std::byte>(round >> 8U);
        }
    }

    template <class Header>
    void put(Header const& header) {
        file_.write(reinterpret_cast<char const*>(&header), sizeof header);
        written_ += sizeof header;
    }

    std::filesystem::path path_;
    std::ofstream file_;
    std::vector<std::byte> bytes_;
    std::uint64_t written_ = 0;
    std::uint64_t packets_ = 0;
};

void add_capture(CorpusWriter& corpus, std::filesystem::path const& path, std::uint16_t round) {
    auto const reader = capture::open_capture(path, {});
    packet::Frame frame;
    while (reader->next(frame)) {
        if (frame.link == packet::LinkType::ethernet) corpus.add(frame, round);
    }
}

}  // namespace

std::uint64_t make_corpus(std::vector<std::string> const& inputs, std::uint64_t bytes,
                          std::filesystem::path const& path) {
    auto const found = capture::find_captures(inputs);
    CorpusWriter corpus(path);
    for (std::uint16_t round = 0; corpus.written() < bytes; ++round) {
        auto const before = corpus.packets();
        for (auto const& capture : found.captures) {
            if (corpus.written() < bytes) add_capture(corpus, capture.path, round);
        }
        base::validate(corpus.packets() > before, base::ExitCode::bad_input,
                       "the inputs hold no Ethernet frame to make a corpus from");
    }
    return corpus.packets();
}

void cut_corpus(std::filesystem::path const& path, std::vector<double> const& shares,
                std::filesystem::path const& folder) {
    auto sliced = capture::SlicedCapture::open(path, {});
    base::validate(sliced.has_value(), base::ExitCode::usage, "'{}' is no plain pcap file",
                   base::printable(path.string()));
    base::MappedFile const whole(path);
    std::filesystem::create_directories(folder);
    auto const first = sliced->first_record();
    auto begin = first;
    double share = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        share += shares[i];
        auto const until = static_cast<std::uint64_t>(static_cast<double>(sliced->size()) * share);
        auto const end = begin < until ? sliced->walk(begin, until).end : begin;
        std::ofstream file(folder / fmt::format("{:03}.pcap", i), std::ios::binary);
        for (auto const piece :
             {whole.bytes().first(first), whole.bytes().subspan(begin, end - begin)}) {
            file.write(reinterpret_cast<char const*>(piece.data()),
                       static_cast<std::streamsize>(piece.size()));
        }
        begin = end;
    }
}

}  // namespace tessera::apps
