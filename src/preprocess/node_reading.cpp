#include "node_reading.hpp"

#include "open_slices.hpp"
#include "patience.hpp"

#include <algorithm>
#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/flow/flow.hpp>

namespace tessera::preprocess {

namespace {

constexpr std::uint64_t largest_growth = 3;  // of a packet that becomes a letter

// Small enough for a chunk's packets and letters to stay in a core's cache.
std::uint64_t chunk_bytes(std::int64_t share_bytes) {
    constexpr std::uint64_t least = std::uint64_t{4} << 10U;
    constexpr std::uint64_t most = std::uint64_t{128} << 10U;
    return std::clamp(static_cast<std::uint64_t>(share_bytes) / 512, least, most);
}

constexpr std::size_t least_slots = 8;

// As many slots as let the others go on while one rank is held up for milliseconds, in a twelfth of
// a rank's memory and what small systems have of it to share. A slot has room for the record that
// goes beyond its chunk, too; what is not written to takes no memory.
ChunkBoard::Shape shape_of(PreprocessConfig const& config, std::uint64_t file_bytes,
                           std::uint64_t largest_record, int ranks) {
    auto const chunk = chunk_bytes(config.share_bytes);
    auto const letters = largest_growth * chunk;
    constexpr std::uint64_t most = std::uint64_t{48} << 20U;
    auto const slot = letters + largest_record + 2 * sizeof(Letter);
    auto const fit =
        std::min(static_cast<std::uint64_t>(config.memory) / 12 / letters, most / slot);
    constexpr std::uint64_t enough = 64;
    return {.ranks = static_cast<std::size_t>(ranks),
            .slots = std::min(enough, fit),
            .slot_bytes = slot,
            .chunks = (file_bytes + chunk - 1) / chunk};
}

}  // namespace

std::unique_ptr<NodeReading> NodeReading::open(comm::Communicator const& comm,
                                               PreprocessConfig const& config,
                                               capture::CaptureFile const& file,
                                               std::uint32_t parts, Owner const& owner) {
    std::optional<capture::SlicedCapture> sliced;
    ChunkBoard::Shape shape;
    comm::agreed(comm, [&] {
        sliced.emplace(open_slices(file, config.capture));
        shape = shape_of(config, file.bytes, sliced->largest_record(), comm.size());
    });
    if (!comm::agree(comm, shape.slots >= least_slots)) return nullptr;
    auto memory = comm::SharedMemory::allocate(comm, ChunkBoard::bytes(shape));
    if (!memory) return nullptr;
    std::unique_ptr<NodeReading> reading;
    comm::agreed(comm, [&] {
        std::vector<std::size_t> owners;
        for (std::uint32_t part = 0; part < parts; ++part) {
            owners.push_back(static_cast<std::size_t>(owner(part)));
        }
        reading.reset(new NodeReading(config, file, std::move(*sliced), std::move(*memory), shape,
                                      static_cast<std::size_t>(comm.rank()), std::move(owners)));
    });
    return reading;
}

NodeReading::NodeReading(PreprocessConfig const& config, capture::CaptureFile const& file,
                         capture::SlicedCapture sliced, comm::SharedMemory memory,
                         ChunkBoard::Shape const& shape, std::size_t rank,
                         std::vector<std::size_t> owners)
    : chunk_bytes_(chunk_bytes(config.share_bytes)),
      size_(file.bytes),
      shown_(base::printable(file.name)),
      sliced_(std::move(sliced)),
      memory_(std::move(memory)),
      board_(memory_.bytes(), shape, rank,
             [this](std::size_t begin, std::size_t count) { memory_.reserve(begin, count); }),
      intake_(config),
      owners_(std::move(owners)) {
    intake_.begin_capture(file.name);
    if (rank != 0) return;
    board_.clear();
    board_.tell_start(0, {sliced_.first_record(), 0});
}

void NodeReading::run(UsePacket const& use_packet, UseFragment const& use_fragment,
                      OnBytes const& on_bytes) {
    packet::Packet packet;
    auto const use = [&](Letter const& letter, base::ByteSpan kept) {
        if (letter.part == to_all) return use_fragment(fragment_in(letter, kept));
        set(packet, letter);
        use_packet(letter.part, packet, kept);
    };
    try {
        for (Patience patience; !board_.has_taken_all() && !board_.given_up();) {
            if (board_.take(use)) {
                on_bytes(until(used_) - used_ * chunk_bytes_);
                ++used_;
                patience = {};
            } else if (read()) {
                patience = {};
            } else {
                patience.wait();
            }
        }
    } catch (...) {
        board_.give_up();
        throw;
    }
}

std::uint64_t NodeReading::until(std::uint64_t chunk) const {
    return std::min((chunk + 1) * chunk_bytes_, size_);
}

// The bytes come from the file while the rank of the chunk before looks where this one begins.
bool NodeReading::read() {
    auto const chunk = board_.claim();
    if (!chunk) return false;
    sliced_.fetch(*chunk * chunk_bytes_, until(*chunk));
    auto const start = board_.wait_for_start(*chunk);
    if (!start) return true;
    auto const walk = pass_on(*chunk, *start);
    auto const again =
        sliced_.read(start->byte, until(*chunk), [&](packet::Frame const& frame) { put(frame); });
    base::validate(again.end == walk.end && again.records == walk.records,
                   base::ExitCode::environment, "'{}' changed while it was read", shown_);
    board_.finish(*chunk);
    return true;
}

// Headers only: the next rank waits for it.
capture::SlicedCapture::Walk NodeReading::pass_on(std::uint64_t chunk,
                                                  ChunkBoard::Start const& start) {
    auto const walk = sliced_.walk(start.byte, until(chunk));
    if (walk.fault) {
        board_.tell_last(chunk);
        fault_ = sliced_.fault();
        fault_->record += start.records;
    } else {
        board_.tell_start(chunk + 1, {walk.end, start.records + walk.records});
    }
    return walk;
}

void NodeReading::put(packet::Frame const& frame) {
    auto const held = intake_.look_at(frame);
    if (held == Held::fragment) board_.put_to_all(letter_of(frame), frame.bytes);
    if (held != Held::packet) return;
    auto const part = flow::part_of(intake_.packet, static_cast<std::uint32_t>(owners_.size()));
    auto const kept = intake_.cut();
    board_.put(owners_[part], letter_of(intake_.packet, part, kept), kept);
}

}  // namespace tessera::preprocess
