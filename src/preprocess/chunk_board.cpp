#include "chunk_board.hpp"

#include "patience.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <limits>
#include <utility>

#include <tessera/base/error.hpp>

namespace tessera::preprocess {

namespace {

constexpr std::size_t line = 64;  // bytes of a cache line: what different ranks write lies apart

constexpr std::size_t in_lines(std::size_t bytes) {
    return (bytes + line - 1) / line * line;
}

using Word = std::atomic_ref<std::uint64_t>;
static_assert(Word::is_always_lock_free, "shared between processes");

std::uint64_t seen(std::uint64_t& word) {
    return Word(word).load(std::memory_order_acquire);
}

void show(std::uint64_t& word, std::uint64_t value) {
    Word(word).store(value, std::memory_order_release);
}

}  // namespace

/// Zero is "not yet", so what counts chunks from zero is one higher here.
struct ChunkBoard::Common {
    alignas(line) std::uint64_t claimed;  // chunks
    alignas(line) std::uint64_t started;  // chunks: the last one's start is `start`
    Start start;
    alignas(line) std::uint64_t chunks;  // where the records end early
    std::uint64_t given_up;
};

struct ChunkBoard::Progress {
    alignas(line) std::uint64_t taken;  // chunks
};

/// Followed by the places at which each rank's pile of letters begins, then the pile to all, then
/// where that ends; and by the piles. A place is counted in bytes from the slot's beginning.
struct ChunkBoard::Slot {
    std::uint64_t finished;  // chunks: the last one's letters are here
    std::uint64_t reserved;  // bytes of the slot, by whoever wrote to it

    std::byte* at(std::size_t place) { return reinterpret_cast<std::byte*>(this) + place; }
    std::uint32_t& begin(std::size_t pile) {
        return reinterpret_cast<std::uint32_t*>(at(sizeof(Slot)))[pile];
    }
    base::ByteSpan pile(std::size_t number) { return {at(begin(number)), at(begin(number + 1))}; }
    static std::size_t head(std::size_t piles) {
        return in_lines(sizeof(Slot) + (piles + 1) * sizeof(std::uint32_t));
    }
};

namespace {

/// A letter in a pile, its kept bytes behind it.
struct Entry {
    std::uint32_t number;  // in its chunk
    Letter letter;
};

std::uint32_t number_of(base::ByteSpan pile) {
    if (pile.empty()) return std::numeric_limits<std::uint32_t>::max();
    std::uint32_t number = 0;
    std::memcpy(&number, pile.data() + offsetof(Entry, number), sizeof number);
    return number;
}

}  // namespace

std::size_t ChunkBoard::slot_bytes(Shape const& shape) {
    return Slot::head(shape.ranks + 1) + in_lines(shape.slot_bytes);
}

std::size_t ChunkBoard::bytes(Shape const& shape) {
    return sizeof(Common) + shape.ranks * sizeof(Progress) + shape.slots * slot_bytes(shape);
}

ChunkBoard::ChunkBoard(std::span<std::byte> memory, Shape const& shape, std::size_t rank,
                       Reserve reserve)
    : shape_(shape),
      rank_(rank),
      memory_(memory.data()),
      reserve_(std::move(reserve)),
      piles_(shape.ranks + 1) {
    base::validate(memory.size() >= bytes(shape) &&
                       slot_bytes(shape) <= std::numeric_limits<std::uint32_t>::max(),
                   base::ExitCode::failed, "a board needs {} bytes, {} are there", bytes(shape),
                   memory.size());
}

void ChunkBoard::clear() {
    reserve_(0, sizeof(Common) + shape_.ranks * sizeof(Progress));
    common() = {};
    for (std::size_t rank = 0; rank < shape_.ranks; ++rank) progress(rank) = {};
    for (std::size_t number = 0; number < shape_.slots; ++number) {
        auto& cleared = slot(number);
        make_room(cleared, Slot::head(piles_.size()));
        cleared = {.finished = 0, .reserved = Slot::head(piles_.size())};
    }
}

void ChunkBoard::make_room(Slot& slot, std::size_t size) {
    reserve_(static_cast<std::size_t>(slot.at(0) - memory_), size);
}

ChunkBoard::Common& ChunkBoard::common() const {
    return *reinterpret_cast<Common*>(memory_);
}

ChunkBoard::Progress& ChunkBoard::progress(std::size_t rank) const {
    return reinterpret_cast<Progress*>(memory_ + sizeof(Common))[rank];
}

ChunkBoard::Slot& ChunkBoard::slot(std::uint64_t chunk) const {
    auto const before = sizeof(Common) + shape_.ranks * sizeof(Progress);
    return *reinterpret_cast<Slot*>(memory_ + before + chunk % shape_.slots * slot_bytes(shape_));
}

std::uint64_t ChunkBoard::chunks() const {
    auto const told = seen(common().chunks);
    return told == 0 ? shape_.chunks : told;
}

bool ChunkBoard::has_free_slot(std::uint64_t chunk) const {
    if (chunk < shape_.slots) return true;
    auto const before = chunk - shape_.slots;  // the chunk whose letters lie there
    for (std::size_t rank = 0; rank < shape_.ranks; ++rank) {
        if (seen(progress(rank).taken) <= before) return false;
    }
    return true;
}

std::optional<std::uint64_t> ChunkBoard::claim() {
    auto chunk = seen(common().claimed);
    while (chunk < chunks() && has_free_slot(chunk)) {
        if (Word(common().claimed).compare_exchange_weak(chunk, chunk + 1)) return chunk;
    }
    return std::nullopt;
}

std::optional<ChunkBoard::Start> ChunkBoard::wait_for_start(std::uint64_t chunk) const {
    Patience patience;
    while (seen(common().started) != chunk + 1) {
        if (given_up() || chunk >= chunks()) return std::nullopt;
        patience.wait();
    }
    return common().start;
}

void ChunkBoard::tell_start(std::uint64_t chunk, Start const& start) {
    common().start = start;
    show(common().started, chunk + 1);
}

void ChunkBoard::tell_last(std::uint64_t chunk) {
    show(common().chunks, chunk + 1);
}

void ChunkBoard::put(std::size_t owner, Letter const& letter, base::ByteSpan kept) {
    append(piles_[owner], letter, kept);
}

void ChunkBoard::put_to_all(Letter const& letter, base::ByteSpan kept) {
    append(piles_.back(), letter, kept);
}

std::byte* ChunkBoard::Pile::grow(std::size_t count) {
    auto const at = std::exchange(size, size + count);
    if (size > bytes.size()) bytes.resize(2 * size);
    return bytes.data() + at;
}

void ChunkBoard::append(Pile& pile, Letter const& letter, base::ByteSpan kept) {
    Entry const entry{letters_++, letter};
    auto* const to = pile.grow(sizeof entry + kept.size());
    std::memcpy(to, &entry, sizeof entry);
    if (!kept.empty()) std::memcpy(to + sizeof entry, kept.data(), kept.size());
}

// What a rank reads then lies in one run of memory, which its processor sees coming.
void ChunkBoard::finish(std::uint64_t chunk) {
    auto& to = slot(chunk);
    auto place = Slot::head(piles_.size());
    auto end = place;
    for (auto const& pile : piles_) end += pile.size;
    base::validate(end <= slot_bytes(shape_), base::ExitCode::failed,
                   "the packets of chunk {} take more than {} bytes", chunk, shape_.slot_bytes);
    if (end > to.reserved) {
        make_room(to, end);
        to.reserved = end;
    }
    for (std::size_t pile = 0; pile < piles_.size(); ++pile) {
        auto& letters = piles_[pile];
        to.begin(pile) = static_cast<std::uint32_t>(place);
        std::copy_n(letters.bytes.data(), letters.size, to.at(place));
        place += std::exchange(letters.size, 0);
    }
    to.begin(piles_.size()) = static_cast<std::uint32_t>(place);
    letters_ = 0;
    show(to.finished, chunk + 1);
}

bool ChunkBoard::take(Use const& use) {
    auto& from = slot(taken_);
    if (has_taken_all() || seen(from.finished) != taken_ + 1) return false;
    auto own = from.pile(rank_);
    auto shared = from.pile(shape_.ranks);
    while (!own.empty() || !shared.empty()) {
        auto& pile = number_of(own) < number_of(shared) ? own : shared;
        Letter letter;
        std::memcpy(&letter, pile.data() + offsetof(Entry, letter), sizeof letter);
        use(letter, pile.subspan(sizeof(Entry), letter.kept));
        pile = pile.subspan(sizeof(Entry) + letter.kept);
    }
    show(progress(rank_).taken, ++taken_);
    return true;
}

void ChunkBoard::give_up() {
    show(common().given_up, 1);
}

bool ChunkBoard::given_up() const {
    return seen(common().given_up) != 0;
}

}  // namespace tessera::preprocess
