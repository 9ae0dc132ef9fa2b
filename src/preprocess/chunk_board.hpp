#pragma once

#include "letter.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <tessera/base/bytes.hpp>

namespace tessera::preprocess {

/// Memory that ranks share to read one file together, chunk by chunk. A rank claims the next chunk,
/// learns from the rank of the chunk before where its first record begins, tells the next one as
/// soon as it knows, and puts the chunk's packets into a slot, as letters to the ranks that own
/// them. Every rank takes its letters out of the slots in the order of the chunks. A slot is used
/// again when all have.
class ChunkBoard {
  public:
    struct Shape {
        std::size_t ranks = 1;
        std::size_t slots = 1;
        std::size_t slot_bytes = 0;  ///< for the letters of a chunk
        std::uint64_t chunks = 0;
    };
    static std::size_t bytes(Shape const& shape);

    /// Makes sure of room in a stretch of the memory before its first use; throws where there is
    /// none.
    using Reserve = std::function<void(std::size_t begin, std::size_t count)>;

    /// `memory`: `bytes(shape)` that all ranks see, beginning at a cache line; it outlives the
    /// board.
    ChunkBoard(std::span<std::byte> memory, Shape const& shape, std::size_t rank, Reserve reserve);

    /// One rank calls it before any goes on.
    void clear();

    /// The next chunk, for this rank to read; none where none is left, or no slot is free for it.
    std::optional<std::uint64_t> claim();

    /// Where the records of a chunk begin.
    struct Start {
        std::uint64_t byte = 0;     ///< of the first one in the file
        std::uint64_t records = 0;  ///< in the chunks before
    };

    /// Of the chunk that this rank claimed, when it has been told. None when the records end before
    /// the chunk, or a rank gave up.
    std::optional<Start> wait_for_start(std::uint64_t chunk) const;
    void tell_start(std::uint64_t chunk, Start const& start);
    void tell_last(std::uint64_t chunk);  ///< nothing can be read behind this chunk

    /// The letters of the chunk that this rank claimed last, in order; `finish` shows them to all.
    /// Error(failed) when they are more than a slot holds; what `reserve` throws.
    void put(std::size_t owner, Letter const& letter, base::ByteSpan kept);
    void put_to_all(Letter const& letter, base::ByteSpan kept);
    void finish(std::uint64_t chunk);

    using Use = std::function<void(Letter const&, base::ByteSpan kept)>;

    /// Uses this rank's letters, and those to all, of the first chunk that it has not taken yet, in
    /// order; false when that is not finished.
    bool take(Use const& use);
    bool has_taken_all() const { return taken_ >= chunks(); }

    /// Tells all that this rank goes no further.
    void give_up();
    bool given_up() const;

  private:
    /// Letters in the making, in memory of this rank alone.
    struct Pile {
        std::vector<std::byte> bytes;
        std::size_t size = 0;  ///< of them used

        std::byte* grow(std::size_t count);
    };
    struct Common;
    struct Progress;
    struct Slot;

    static std::size_t slot_bytes(Shape const& shape);
    Common& common() const;
    Progress& progress(std::size_t rank) const;
    Slot& slot(std::uint64_t chunk) const;
    std::uint64_t chunks() const;
    bool has_free_slot(std::uint64_t chunk) const;
    void make_room(Slot& slot, std::size_t size);
    void append(Pile& pile, Letter const& letter, base::ByteSpan kept);

    Shape shape_;
    std::size_t rank_;
    std::byte* memory_;
    Reserve reserve_;
    std::uint64_t taken_ = 0;  // chunks
    std::vector<Pile> piles_;  // one for each rank, then the one to all
    std::uint32_t letters_ = 0;
};

}  // namespace tessera::preprocess
