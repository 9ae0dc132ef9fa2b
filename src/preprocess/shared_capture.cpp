#include "shared_capture.hpp"

#include "shared_part.hpp"
#include "unit_worker.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/packet/decode.hpp>

namespace tessera::preprocess {

namespace {

// A round holds the packets of one chunk a rank in memory.
std::uint64_t chunk_size(std::int64_t share_bytes) {
    constexpr std::uint64_t least = std::uint64_t{64} << 10U;
    constexpr std::uint64_t most = std::uint64_t{8} << 20U;
    return std::clamp(static_cast<std::uint64_t>(share_bytes) / 8, least, most);
}

capture::SlicedCapture opened(capture::CaptureFile const& file,
                              capture::CaptureLimits const& limits) {
    auto sliced = capture::SlicedCapture::open(file.path, limits);
    base::validate(sliced.has_value(), base::ExitCode::bad_input,
                   "'{}' changed while it was read: it is no plain pcap file any more",
                   base::printable(file.name));
    return std::move(*sliced);
}

}  // namespace

SharedCapture::SharedCapture(comm::Communicator const& comm, PreprocessConfig const& config,
                             dataset::LabelRules const& rules, base::FileSystem& files,
                             capture::CaptureFile const& file, std::uint32_t parts)
    : comm_(comm),
      config_(config),
      rules_(rules),
      files_(files),
      file_(file),
      parts_(parts),
      chunk_bytes_(chunk_size(config.share_bytes)),
      sliced_(opened(file, config.capture)),
      cutter_(config.token),
      filters_(config.filter),
      chunks_((sliced_.size() + chunk_bytes_ - 1) / chunk_bytes_),
      owned_(parts),
      outbox_(static_cast<std::size_t>(comm.size())) {}

SharedCapture::~SharedCapture() = default;

bool SharedCapture::is_mine(std::size_t chunk) const {
    auto const ranks = static_cast<std::size_t>(comm_.size());
    return chunk % ranks == static_cast<std::size_t>(comm_.rank());
}

std::vector<SharedCapture::Done> SharedCapture::run(
    std::filesystem::path const& folder, std::size_t first_shard,
    std::function<void(std::uint64_t)> const& on_bytes) {
    find_boundaries();
    comm::agreed(comm_, [&] { open_parts(folder, first_shard); });
    auto const ranks = static_cast<std::size_t>(comm_.size());
    auto const rank = static_cast<std::size_t>(comm_.rank());
    for (std::size_t first = 0; first < chunks_.size(); first += ranks) {
        comm::agreed(comm_, [&] {
            deliver();
            if (first + rank < chunks_.size()) read_chunk(first + rank);
        });
        comm::all_to_all(comm_, outbox_, inbox_);
        for (auto& message : outbox_) message.clear();
        if (first + rank < chunks_.size()) on_bytes(chunk_bytes_);
    }
    comm::agreed(comm_, [&] { deliver(); });
    sum_counts();
    std::vector<Done> done;
    comm::agreed(comm_, [&] { done = close_parts(); });
    return done;
}

// Each rank walks its chunks from where records seem to begin. The first chunk begins where it
// must; a chunk begins right when the walk before it ended there. One that does not is walked again
// from the right place, until all do: exact, whatever the guesses.
void SharedCapture::find_boundaries() {
    std::vector<std::size_t> all(chunks_.size());
    comm::agreed(comm_, [&] {
        for (std::size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
            all[chunk] = chunk;
            if (!is_mine(chunk)) continue;
            auto const begin = chunk * chunk_bytes_;
            walk_chunk(chunk, chunk == 0 ? sliced_.first_record() : sliced_.guess(begin));
        }
    });
    share_walks(all);
    while (auto const wrong = first_wrong()) {
        auto const [chunk, begin] = *wrong;
        comm::agreed(comm_, [&] {
            if (is_mine(chunk)) walk_chunk(chunk, begin);
        });
        share_walks(std::span(&chunk, 1));
    }
}

// A chunk that lies wholly in a record of the one before, or behind a fault, is empty.
void SharedCapture::walk_chunk(std::size_t chunk, std::uint64_t begin) {
    auto const from = chunk * chunk_bytes_;
    auto const until = std::min(from + chunk_bytes_, sliced_.size());
    chunks_[chunk] = {begin, begin, 0, false};
    if (begin >= from && begin < until) chunks_[chunk] = sliced_.walk(begin, until);
}

std::optional<std::pair<std::size_t, std::uint64_t>> SharedCapture::first_wrong() const {
    auto begin = sliced_.first_record();
    for (std::size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
        if (chunks_[chunk].begin != begin) return std::pair(chunk, begin);
        begin = chunks_[chunk].end;
    }
    return std::nullopt;
}

void SharedCapture::share_walks(std::span<std::size_t const> changed) {
    std::vector<std::uint64_t> values;
    for (auto const chunk : changed) {
        auto const walk = is_mine(chunk) ? chunks_[chunk] : Walk{};
        values.insert(values.end(), {walk.begin, walk.end, walk.records, walk.fault ? 1U : 0U});
    }
    comm::all_reduce(comm_, values, comm::Op::sum);  // one rank says, the others add nothing
    for (std::size_t i = 0; i < changed.size(); ++i) {
        auto const* value = &values[4 * i];
        chunks_[changed[i]] = {value[0], value[1], value[2], value[3] != 0};
    }
}

void SharedCapture::open_parts(std::filesystem::path const& folder, std::size_t first_shard) {
    constexpr std::uint64_t column_memory = 1U << 20U;  // of each part, as there may be many
    token::Tokenizer const tokenizer(config_.token);
    for (std::uint32_t part = 0; part < parts_; ++part) {
        if (owner(part, comm_.size()) != comm_.rank()) continue;
        dataset::ShardSettings settings{.folder = folder,
                                        .number = first_shard + part,
                                        .identity = dataset::token_identity(config_.token),
                                        .tokenizer = tokenizer,
                                        .label_sets = rules_.set_names(),
                                        .memory = column_memory};
        dataset::CaptureEntry entry{.path = file_.name, .part = part, .parts = parts_};
        owned_[part] = std::make_unique<SharedPart>(
            config_, files_, std::move(settings), rules_.for_capture(file_.name), std::move(entry));
    }
}

// Behind the last record of a chunk that ends in a fault the reader meets it again and says why.
void SharedCapture::read_chunk(std::size_t chunk) {
    auto const& [begin, end, records, fault] = chunks_[chunk];
    if (begin == end && !fault) return;
    auto& reader = sliced_.read(begin, fault ? sliced_.size() : end);
    packet::Frame frame;
    while (reader.next(frame)) take(frame);
    if (auto where = reader.fault()) {
        for (std::size_t before = 0; before < chunk; ++before) {
            where->record += chunks_[before].records;
        }
        fault_ = capture::to_text(*where);
        base::validate(!config_.strict, base::ExitCode::bad_input, "'{}': {}", file_.name, fault_);
    }
}

void SharedCapture::take(packet::Frame const& frame) {
    if (!filters_.pass(frame)) return drops_.add(packet::Drop::filtered);
    if (auto const drop = packet::decode(frame, packet_)) return drops_.add(*drop);
    auto const kept = cutter_.cut(packet_);
    auto const part = flow::part_of(packet_, parts_);
    if (comm_.size() == 1) return owned_[part]->add(packet_, kept);
    post(part, kept);
}

void SharedCapture::post(std::uint32_t part, base::ByteSpan kept) {
    SharedPart::Sent const sent{.time = packet_.time,
                                .source = packet_.source,
                                .destination = packet_.destination,
                                .wire_length = packet_.wire_length,
                                .payload_length = packet_.payload_length,
                                .part = part,
                                .kept = static_cast<std::uint16_t>(kept.size()),
                                .protocol = packet_.protocol,
                                .tcp_flags = packet_.tcp_flags};
    auto& message = outbox_[static_cast<std::size_t>(owner(part, comm_.size()))];
    auto const at = message.size();
    message.resize(at + sizeof sent + kept.size());
    std::memcpy(message.data() + at, &sent, sizeof sent);
    if (!kept.empty()) std::memcpy(message.data() + at + sizeof sent, kept.data(), kept.size());
}

// Chunks of one round lie in the file as their ranks are numbered.
void SharedCapture::deliver() {
    packet::Packet packet;
    for (auto& message : inbox_) {
        base::ByteSpan rest = message;
        while (!rest.empty()) {
            SharedPart::Sent sent;
            std::memcpy(&sent, rest.data(), sizeof sent);
            packet.time = sent.time;
            packet.source = sent.source;
            packet.destination = sent.destination;
            packet.wire_length = sent.wire_length;
            packet.payload_length = sent.payload_length;
            packet.protocol = sent.protocol;
            packet.tcp_flags = sent.tcp_flags;
            owned_[sent.part]->add(packet, rest.subspan(sizeof sent, sent.kept));
            rest = rest.subspan(sizeof sent + sent.kept);
        }
        message.clear();
    }
}

void SharedCapture::sum_counts() {
    std::vector<std::uint64_t> values(drops_.by_reason.begin(), drops_.by_reason.end());
    comm::all_reduce(comm_, values, comm::Op::sum);
    std::copy_n(values.begin(), drops_.by_reason.size(), drops_.by_reason.begin());
    for (auto const& text : comm::all_gather(comm_, fault_)) {
        if (!text.empty()) fault_ = text;
    }
}

// What was dropped has no flow: it is counted with part 0.
std::vector<SharedCapture::Done> SharedCapture::close_parts() {
    std::vector<Done> done;
    for (std::uint32_t part = 0; part < parts_; ++part) {
        if (!owned_[part]) continue;
        auto& entry = owned_[part]->entry;
        entry.packets_read = entry.packets_kept;
        if (part == 0) {
            entry.bytes = file_.bytes;
            entry.packets_read += drops_.total();
            entry.packets_dropped = dropped_by_name(drops_);
            if (!fault_.empty()) entry.fault = fault_;
        }
        done.emplace_back(part, owned_[part]->finish());
        owned_[part].reset();
    }
    return done;
}

}  // namespace tessera::preprocess
