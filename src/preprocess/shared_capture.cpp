#include "shared_capture.hpp"

#include "node_reading.hpp"
#include "packet_post.hpp"
#include "rounds.hpp"
#include "shared_part.hpp"
#include "unit_worker.hpp"
#include "work.hpp"

#include <algorithm>
#include <span>

#include <tessera/base/error.hpp>
#include <tessera/base/publish_all.hpp>
#include <tessera/flow/flow.hpp>

namespace tessera::preprocess {

SharedCapture::SharedCapture(comm::Communicator const& comm, PreprocessConfig const& config,
                             dataset::LabelRules const& rules, base::FileSystem& files,
                             capture::CaptureFile const& file, Unit const& unit)
    : comm_(comm),
      config_(config),
      rules_(rules),
      files_(files),
      file_(file),
      unit_(unit),
      owned_(unit.parts) {}

SharedCapture::~SharedCapture() = default;

int SharedCapture::owner(std::uint32_t part, Unit const& unit, int ranks) {
    bool const reader_apart = unit.reading == Reading::in_order && ranks > 1;
    auto const owners = static_cast<std::uint32_t>(ranks) - (reader_apart ? 1 : 0);
    return static_cast<int>(part % owners) + (reader_apart ? 1 : 0);
}

std::vector<SharedCapture::Done> SharedCapture::run(std::filesystem::path const& folder,
                                                    std::size_t first_shard,
                                                    OnBytes const& on_bytes) {
    comm::agreed(comm_, [&] { open_parts(folder, first_shard); });
    if (comm_.size() == 1) {
        comm::agreed(comm_, [&] { read_alone(on_bytes); });
    } else if (auto const reading = read_on_node()) {
        read_together(*reading, on_bytes);
    } else {
        read_in_rounds(on_bytes);
    }
    sum_counts();
    std::vector<Done> done;
    comm::agreed(comm_, [&] {
        heed_fault();
        done = close_parts(folder);
    });
    return done;
}

void SharedCapture::open_parts(std::filesystem::path const& folder, std::size_t first_shard) {
    token::Tokenizer const tokenizer(config_.token);
    auto const anonymiser = anonymiser_of(config_);
    auto const labels = rules_.for_capture(file_.name);
    for (std::uint32_t part = 0; part < unit_.parts; ++part) {
        if (owner(part, unit_, comm_.size()) != comm_.rank()) continue;
        dataset::ShardSettings settings{.folder = folder,
                                        .number = first_shard + part,
                                        .identity = dataset::token_identity(config_.token),
                                        .tokenizer = tokenizer,
                                        .label_sets = rules_.set_names(),
                                        .anonymiser = anonymiser,
                                        .memory = column_memory(config_) / unit_.parts,
                                        .expected_packets = packets_in(file_.bytes) / unit_.parts};
        dataset::CaptureEntry entry{.path = file_.name, .part = part, .parts = unit_.parts};
        owned_[part] = std::make_unique<SharedPart>(config_, files_, std::move(settings), labels,
                                                    std::move(entry));
    }
}

void SharedCapture::read_alone(OnBytes const& on_bytes) {
    constexpr std::uint64_t frames_between_reports = 16'384;
    auto const reader = capture::open_capture(file_, config_.capture);
    PacketIntake intake(config_);
    intake.begin_capture(file_.name);
    packet::Frame frame;
    std::uint64_t told = 0;
    for (std::uint64_t frames = 1; reader->next(frame); ++frames) {
        if (intake.take(frame)) {
            owned_[flow::part_of(intake.packet, unit_.parts)]->add(intake.packet, intake.cut());
        }
        if (frames % frames_between_reports == 0) {
            on_bytes(reader->position() - std::exchange(told, reader->position()));
        }
    }
    intake.finish();
    counts_ = intake.counts;
    note(reader->fault());
}

std::unique_ptr<NodeReading> SharedCapture::read_on_node() const {
    if (!config_.share_memory || unit_.reading != Reading::in_slices) return nullptr;
    return NodeReading::open(comm_, config_, file_, unit_.parts,
                             [&](std::uint32_t part) { return owner(part, unit_, comm_.size()); });
}

void SharedCapture::read_together(NodeReading& reading, OnBytes const& on_bytes) {
    comm::agreed(comm_, [&] {
        PacketIntake together(config_);
        together.begin_capture(file_.name);
        reading.run([&](std::uint32_t part, packet::Packet const& packet,
                        base::ByteSpan kept) { owned_[part]->add(packet, kept); },
                    [&](packet::Frame const& fragment) { put_together(fragment, together); },
                    on_bytes);
        together.finish();
        counts_ = reading.counts();
        if (comm_.is_root()) counts_ += together.counts;
        note(reading.fault());
    });
}

// What came in a round is worked on before the next one is read: both at once on all ranks.
void SharedCapture::read_in_rounds(OnBytes const& on_bytes) {
    auto const ranks = comm_.size();
    std::unique_ptr<Rounds> rounds;
    comm::agreed(comm_, [&] {
        auto const make = unit_.reading == Reading::in_slices ? sliced_rounds : stream_rounds;
        rounds = make(comm_, config_, file_);
    });
    PacketPost post(config_, file_.name, unit_.parts, ranks,
                    [&](std::uint32_t part) { return owner(part, unit_, ranks); });
    PacketIntake together(config_);
    together.begin_capture(file_.name);
    comm::Messages received;
    for (bool more = true; more;) {
        more = rounds->next(
            post, [&] { deliver(received, together); }, on_bytes);
        post.send(comm_, received);
    }
    comm::agreed(comm_, [&] {
        deliver(received, together);
        note(rounds->fault());
    });
    together.finish();
    counts_ = post.counts();
    if (comm_.is_root()) counts_ += together.counts;
}

void SharedCapture::deliver(comm::Messages const& received, PacketIntake& together) {
    for_each_letter(
        received,
        [&](std::uint32_t part, packet::Packet const& packet, base::ByteSpan kept) {
            owned_[part]->add(packet, kept);
        },
        [&](packet::Frame const& fragment) { put_together(fragment, together); });
}

// Every rank puts all fragments together, as any of them may own the flow: they are few, and in the
// order of the file everywhere.
void SharedCapture::put_together(packet::Frame const& fragment, PacketIntake& together) {
    if (!together.take_fragment(fragment)) return;
    auto const& part = owned_[flow::part_of(together.packet, unit_.parts)];
    if (part) part->add(together.packet, together.cut());
}

void SharedCapture::note(std::optional<capture::ReadFault> const& fault) {
    if (fault) fault_ = capture::to_text(*fault);
}

void SharedCapture::heed_fault() const {
    base::validate(fault_.empty() || !config_.strict, base::ExitCode::bad_input, "'{}': {}",
                   base::printable(file_.name), fault_);
}

void SharedCapture::sum_counts() {
    auto& drops = counts_.drops.by_reason;
    auto& tunnels = counts_.tunnels.by_kind;
    std::vector<std::uint64_t> values(drops.begin(), drops.end());
    values.insert(values.end(), tunnels.begin(), tunnels.end());
    comm::all_reduce(comm_, values, comm::Op::sum);
    auto const sums = std::span(values);
    std::ranges::copy(sums.first(drops.size()), drops.begin());
    std::ranges::copy(sums.subspan(drops.size()), tunnels.begin());
    for (auto const& text : comm::all_gather(comm_, fault_)) {
        if (!text.empty()) fault_ = text;
    }
}

// What was dropped before it had a flow is counted with part 0.
std::vector<SharedCapture::Done> SharedCapture::close_parts(std::filesystem::path const& folder) {
    std::vector<Done> done;
    std::vector<std::filesystem::path> shards;
    for (std::uint32_t part = 0; part < unit_.parts; ++part) {
        if (!owned_[part]) continue;
        auto& entry = owned_[part]->entry;
        if (part == 0) {
            entry.bytes = file_.bytes;
            owned_[part]->drops += counts_.drops;
            entry.tunnels = tunnels_by_name(counts_.tunnels);
            if (!fault_.empty()) entry.fault = fault_;
        }
        done.emplace_back(part, owned_[part]->write());
        shards.push_back(folder / done.back().second.shard.entry.file);
        owned_[part].reset();
    }
    base::publish_all(files_, shards);
    return done;
}

}  // namespace tessera::preprocess
