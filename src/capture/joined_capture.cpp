#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/capture/joined_capture.hpp>

namespace tessera::capture {

namespace {

class JoinedReader final : public CaptureReader {
  public:
    JoinedReader(std::vector<CaptureFile> pieces, CaptureLimits const& limits)
        : pieces_(std::move(pieces)), limits_(limits) {
        open_next();
        base::validate(reader_ != nullptr, base::ExitCode::bad_input, "{}",
                       fault_ ? fault_->reason : "there is no file to read");
        format_ = fmt::format("{}, {} files", reader_->format(), pieces_.size());
    }

    bool next(packet::Frame& frame) override {
        while (reader_) {
            if (reader_->next(frame)) return true;
            if (auto const& fault = reader_->fault()) note(*fault);
            open_next();
        }
        return false;
    }

    std::optional<ReadFault> const& fault() const override { return fault_; }
    std::string format() const override { return format_; }
    std::uint64_t position() const override {
        return reader_ ? before_ + reader_->position() : before_;
    }
    std::uint64_t size() const override {
        std::uint64_t sum = 0;
        for (auto const& piece : pieces_) sum += piece.bytes;
        return sum;
    }

  private:
    // Passes over files that are no captures.
    void open_next() {
        if (reader_) before_ += pieces_[opened_ - 1].bytes;
        reader_.reset();
        while (!reader_ && opened_ < pieces_.size()) {
            auto const& piece = pieces_[opened_++];
            try {
                reader_ = open_capture(piece.path, limits_);
            } catch (base::Error const& error) {
                if (error.code() != base::ExitCode::bad_input) throw;
                tell({0, 0, error.what()}, error.what());
                before_ += piece.bytes;
            }
        }
    }

    void note(ReadFault const& fault) {
        auto const name = base::printable(pieces_[opened_ - 1].name);
        tell({fault.offset, fault.record, fmt::format("'{}': {}", name, fault.reason)},
             fmt::format("'{}': {}", name, to_text(fault)));
    }

    // Place and reason of the first one, then those of others, up to a limit.
    void tell(ReadFault const& first, std::string const& other) {
        constexpr std::size_t most_told = 8;
        if (++faults_ == 1) {
            fault_ = first;
            told_ = first.reason;
            return;
        }
        if (faults_ <= most_told) told_ += "; " + other;
        auto const more = faults_ - std::min(faults_, most_told);
        fault_->reason = more == 0 ? told_ : fmt::format("{}; and {} more files", told_, more);
    }

    std::vector<CaptureFile> pieces_;
    CaptureLimits limits_;
    std::string format_;
    std::unique_ptr<CaptureReader> reader_;  // of the piece before `opened_`; null at the end
    std::size_t opened_ = 0;
    std::uint64_t before_ = 0;  // bytes of the pieces that are done
    std::optional<ReadFault> fault_;
    std::string told_;        // of the pieces named in its reason
    std::size_t faults_ = 0;  // pieces not read, or not to their end
};

base::Nanoseconds first_time(CaptureFile const& capture, CaptureLimits const& limits) {
    using Limits = std::numeric_limits<base::Nanoseconds>;
    try {
        packet::Frame frame;
        return open_capture(capture.path, limits)->next(frame) ? frame.time : Limits::min();
    } catch (base::Error const&) {
        return Limits::max();  // whoever reads it says why
    }
}

CaptureFile one_of(std::vector<CaptureFile> pieces, CaptureLimits const& limits) {
    if (pieces.size() == 1) return std::move(pieces.front());
    std::vector<std::pair<base::Nanoseconds, std::size_t>> order;
    for (auto const& piece : pieces) order.emplace_back(first_time(piece, limits), order.size());
    std::sort(order.begin(), order.end());
    CaptureFile whole;
    for (auto const& [time, which] : order) {
        whole.bytes += pieces[which].bytes;
        whole.pieces.push_back(std::move(pieces[which]));
    }
    whole.path = whole.pieces.front().path;
    whole.name = whole.pieces.front().name;
    return whole;
}

}  // namespace

Join join_of(std::string const& word) {
    for (auto const& [name, join] :
         {std::pair("none", Join::none), {"folder", Join::folder}, {"all", Join::all}}) {
        if (word == name) return join;
    }
    base::fail(base::ExitCode::usage, "captures cannot be joined by '{}': give none, folder or all",
               base::printable(word));
}

std::vector<CaptureFile> joined(std::vector<CaptureFile> captures, Join join,
                                CaptureLimits const& limits) {
    if (join == Join::none) return captures;
    std::map<std::filesystem::path, std::vector<CaptureFile>> together;
    for (auto& capture : captures) {
        auto const folder = join == Join::folder ? capture.path.parent_path() : "";
        together[folder].push_back(std::move(capture));
    }
    std::vector<CaptureFile> result;
    for (auto& [folder, pieces] : together) {
        result.push_back(one_of(std::move(pieces), limits));
    }
    return result;
}

std::unique_ptr<CaptureReader> open_capture(CaptureFile const& capture,
                                            CaptureLimits const& limits) {
    if (capture.pieces.empty()) return open_capture(capture.path, limits);
    return std::make_unique<JoinedReader>(capture.pieces, limits);
}

}  // namespace tessera::capture
