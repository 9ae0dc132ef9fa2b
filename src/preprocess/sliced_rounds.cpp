#include "open_slices.hpp"
#include "rounds.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace tessera::preprocess {

namespace {

// Chunks that a rank reads in a round. Their packets are in memory together, and all ranks may send
// theirs to one: as a packet takes up to three times its bytes on the way, a twelfth of a rank's
// memory holds what may come.
std::size_t chunks_a_rank(std::int64_t memory, std::uint64_t chunk_bytes, int ranks) {
    constexpr std::uint64_t most = 32;
    auto const fit = static_cast<std::uint64_t>(memory) / 12 / chunk_bytes;
    return std::clamp<std::uint64_t>(fit / static_cast<std::uint64_t>(ranks), 1, most);
}

std::uint64_t chunk_size(std::int64_t share_bytes) {
    constexpr std::uint64_t least = std::uint64_t{16} << 10U;
    constexpr std::uint64_t most = std::uint64_t{256} << 10U;
    return std::clamp(static_cast<std::uint64_t>(share_bytes) / 256, least, most);
}

class SlicedRounds final : public Rounds {
  public:
    SlicedRounds(comm::Communicator const& comm, PreprocessConfig const& config,
                 capture::CaptureFile const& file)
        : comm_(comm),
          chunk_bytes_(chunk_size(config.share_bytes)),
          chunks_a_rank_(chunks_a_rank(config.memory, chunk_bytes_, comm.size())),
          sliced_(open_slices(file, config.capture)),
          size_(file.bytes),
          total_((size_ + chunk_bytes_ - 1) / chunk_bytes_),
          begin_(sliced_.first_record()) {}

    bool next(PacketPost& post, Work const& work, OnBytes const& on_bytes) override {
        auto const ranks = static_cast<std::uint64_t>(comm_.size());
        walks_.assign(std::min(total_ - first_, ranks * chunks_a_rank_), {});
        std::vector<std::size_t> all(walks_.size());
        std::iota(all.begin(), all.end(), std::size_t{0});
        share(all, [&] {
            work();
            read(post);
            on_bytes(walks_.size() * chunk_bytes_);
        });
        while (auto const wrong = first_wrong()) {
            share(std::span(&wrong->first, 1),
                  [&] { read_again(wrong->first, wrong->second, post); });
        }
        return go_on();
    }

    std::optional<capture::ReadFault> fault() const override { return fault_; }

  private:
    using Walk = capture::SlicedCapture::Walk;

    /// A chunk that this rank reads.
    struct Own {
        std::size_t chunk;  // in the round
        PacketPost::Place before;
        std::optional<capture::ReadFault> fault;
    };

    std::uint64_t from(std::size_t chunk) const { return (first_ + chunk) * chunk_bytes_; }

    // The first chunk of a round begins where the round before ended, so only others are guessed.
    void read(PacketPost& post) {
        auto const ranks = static_cast<std::size_t>(comm_.size());
        own_.clear();
        for (auto i = static_cast<std::size_t>(comm_.rank()); i < walks_.size(); i += ranks) {
            own_.push_back({i, post.place(), {}});
            read_chunk(own_.back(), i == 0 ? begin_ : sliced_.guess(from(i)), post);
        }
    }

    // A chunk that lies wholly in a record of the one before, or behind a fault, is empty.
    void read_chunk(Own& own, std::uint64_t begin, PacketPost& post) {
        auto& walk = walks_[own.chunk];
        auto const until = std::min(from(own.chunk) + chunk_bytes_, size_);
        walk = {begin, begin, 0, false};
        own.fault.reset();
        if (begin >= from(own.chunk) && begin < until) {
            walk =
                sliced_.read(begin, until, [&](packet::Frame const& frame) { post.take(frame); });
            own.fault = sliced_.fault();
        }
        post.end_chunk();
    }

    // What this rank read behind the chunk is put behind it once more.
    void read_again(std::size_t chunk, std::uint64_t begin, PacketPost& post) {
        auto own = std::find_if(own_.begin(), own_.end(),
                                [&](Own const& one) { return one.chunk == chunk; });
        if (own == own_.end()) return;
        post.back_to(own->before);
        read_chunk(*own, begin, post);
        while (++own != own_.end()) {
            own->before = post.place();
            read_chunk(*own, walks_[own->chunk].begin, post);
        }
    }

    // Does the work; then the rank of each chunk says how it went, the others add nothing.
    void share(std::span<std::size_t const> chunks, Work const& work) {
        std::vector<std::uint64_t> values(4 * chunks.size());
        auto const tell = [&] {
            work();
            for (std::size_t i = 0; i < chunks.size(); ++i) {
                if (!is_own(chunks[i])) continue;
                auto const& walk = walks_[chunks[i]];
                std::array const told{walk.begin, walk.end, walk.records,
                                      std::uint64_t{walk.fault ? 1U : 0U}};
                std::copy(told.begin(), told.end(), &values[4 * i]);
            }
        };
        comm::agreed_sum(comm_, tell, values);
        for (std::size_t i = 0; i < chunks.size(); ++i) {
            auto const* value = &values[4 * i];
            walks_[chunks[i]] = {value[0], value[1], value[2], value[3] != 0};
        }
    }

    bool is_own(std::size_t chunk) const {
        auto const ranks = static_cast<std::size_t>(comm_.size());
        return chunk % ranks == static_cast<std::size_t>(comm_.rank());
    }

    std::optional<std::pair<std::size_t, std::uint64_t>> first_wrong() const {
        auto begin = begin_;
        for (std::size_t chunk = 0; chunk < walks_.size(); ++chunk) {
            if (walks_[chunk].begin != begin) return std::pair(chunk, begin);
            begin = walks_[chunk].end;
        }
        return std::nullopt;
    }

    // Past the round, which is right now.
    bool go_on() {
        for (auto const& own : own_) {
            if (!own.fault) continue;
            fault_ = own.fault;
            fault_->record += records_;
            for (std::size_t i = 0; i < own.chunk; ++i) fault_->record += walks_[i].records;
        }
        bool const faulty =
            std::any_of(walks_.begin(), walks_.end(), [](Walk const& walk) { return walk.fault; });
        for (auto const& walk : walks_) records_ += walk.records;
        if (!walks_.empty()) begin_ = walks_.back().end;
        first_ += walks_.size();
        return !faulty && first_ < total_;
    }

    comm::Communicator const& comm_;
    std::uint64_t chunk_bytes_;
    std::size_t chunks_a_rank_;
    capture::SlicedCapture sliced_;
    std::uint64_t size_;         // as all ranks found it; what has come since is left
    std::uint64_t total_;        // chunks
    std::uint64_t first_ = 0;    // chunk of the round
    std::uint64_t begin_;        // of its first record
    std::uint64_t records_ = 0;  // before the round
    std::vector<Walk> walks_;    // of the round, [chunk]
    std::vector<Own> own_;
    std::optional<capture::ReadFault> fault_;
};

}  // namespace

std::unique_ptr<Rounds> sliced_rounds(comm::Communicator const& comm,
                                      PreprocessConfig const& config,
                                      capture::CaptureFile const& file) {
    return std::make_unique<SlicedRounds>(comm, config, file);
}

}  // namespace tessera::preprocess
