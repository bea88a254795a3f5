#pragma once

// A call where its items are owned: which of them are out and where, who gets the next, what becomes of those
// that come back. It decides in memory, without MPI, clocks, threads or code of the user's: whoever drives it
// tells it what has happened, and how long that took, and does what it says.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include <mpimap/detail/index_set.hpp>
#include <mpimap/detail/job.hpp>

#include "call/ledger.hpp"
#include "call/plan.hpp"
#include "call/retries.hpp"
#include "call/roster.hpp"
#include "call/verdict.hpp"
#include "schedule/chunking.hpp"
#include "schedule/work_queue.hpp"
#include "wire/messages.hpp"

namespace mpimap::detail {

class owner {
  public:
    /// `here`: the rank whose items they are. `here_runs`: whether it runs items that are not divided
    /// beforehand. What has become of items goes to `fates`, of calls that do not grow. `watched`: there is
    /// somebody to be told. `kept`: somebody keeps failures; results of an earlier program are among the
    /// fates.
    owner(call_plan plan, call_number number, roster& ranks, std::size_t here, bool here_runs,
          item_fates& fates, bool watched = false, bool kept = false);

    [[nodiscard]] call_number number() const noexcept { return number_; }
    [[nodiscard]] const call_mode& mode() const noexcept { return plan_.mode; }
    [[nodiscard]] const call_plan& plan() const noexcept { return plan_; }
    /// Whether items were divided among the ranks beforehand.
    [[nodiscard]] bool decided() const noexcept { return queue().decided(); }

    // ------------------------------------------------------------ how it stands

    /// How it ends, if nothing worse happens: each may turn into one further down, not back.
    enum class course : unsigned char {
        runs,
        failed,      // an item has, and no more are started
        cancelled,   // from outside
        interrupted, // the program is to end
        abandoned    // by a failure that is no item's: an error in every mode
    };
    [[nodiscard]] course on() const noexcept { return course_; }
    [[nodiscard]] bool stopped() const noexcept { return course_ != course::runs; }
    /// Whether it was cancelled before all items had run.
    [[nodiscard]] bool cancelled() const noexcept { return course_ == course::cancelled && left_out_; }

    /// By what it was interrupted before all items had run, those to come of a call that grows included; 0 if
    /// it was not.
    [[nodiscard]] int interrupted_by() const noexcept {
        const bool is = course_ == course::interrupted || (course_ == course::runs && items_too_long_);
        return is && (left_out_ || mode().grows) ? interrupted_by_ : 0;
    }

    /// Whether there are items that will not be run, since something has stopped it.
    [[nodiscard]] bool has_left_out() const noexcept { return left_out_; }

    /// How many there are, so far.
    [[nodiscard]] std::size_t items() const noexcept { return items_; }
    /// How many items nobody has had.
    [[nodiscard]] std::size_t left() const { return queue().remaining() + stocked_; }
    /// Whether there are items to be run, by anybody.
    [[nodiscard]] bool has_items() const {
        return !stopped() && (own_.count != 0 || stocked_ != 0 || !queue().empty());
    }
    /// Nothing is under way, and all items have been run or given up: of a call that grows for now.
    [[nodiscard]] bool at_rest() const {
        return under_way_ == 0 && undecided_.empty() && !(mode().grows && !failed_.empty()) &&
               (stopped() || (own_.count == 0 && stocked_ == 0 && queue().empty()));
    }
    /// The same, and all ranks have read the call's set-up.
    [[nodiscard]] bool finished() const { return at_rest() && roster_.joining() == 0; }
    /// Whether ranks have given back what they had: messages with it may be on their way still.
    [[nodiscard]] bool some_returned() const noexcept { return some_returned_; }
    /// Whether the rank has chunks of this call.
    [[nodiscard]] bool has_chunks(std::size_t rank) const { return ranks_[rank].chunks != 0; }
    /// What a rank has of this call: its oldest chunk, which runs, or is the next to run, and how many items
    /// there are in those behind it; of the owner the batch that runs.
    struct in_hand {
        item_range oldest;
        std::size_t more = 0;
    };
    [[nodiscard]] in_hand in_hand_of(std::size_t rank) const;
    /// Whether a rank other than the owner has nothing at all, of any call.
    [[nodiscard]] bool is_idle(std::size_t rank) const { return roster_.in_hand(rank) == 0; }
    /// Whether nothing has come from it since the call began.
    [[nodiscard]] bool is_joining(std::size_t rank) const {
        return roster_.standing_of(rank) == roster::standing::joining;
    }
    /// Whether somebody has items, or has not read the call's set-up.
    [[nodiscard]] bool waits_for_ranks() const noexcept {
        return items_out_ != 0 || running_.count != 0 || roster_.joining() != 0;
    }
    /// How many ranks have items of this call, the owner's included.
    [[nodiscard]] std::size_t ranks_at_work() const;
    /// What an item sends and gets back, in bytes, as far as messages have shown.
    [[nodiscard]] double bytes_per_item() const noexcept {
        return measured_.argument_bytes + measured_.result_bytes;
    }

    // ------------------------------------------------------------ what is to be done

    /// What follows from what has happened, for the driver to do.
    struct actions {
        bool offer_items = false;  // there are items again for ranks that ask
        bool look_here = false;    // the main thread has something to decide or to hand out
        bool stop_others = false;  // ranks that have chunks are to run no more of them
        bool forget_stock = false; // what was encoded ahead is not to be sent
    };
    [[nodiscard]] bool acts() const noexcept { return acts_ || ledger_.has_news(); }
    [[nodiscard]] actions take_actions() noexcept;

    /// Items that have been settled, in order, for whoever watches.
    [[nodiscard]] std::vector<settled_items> take_settled() { return ledger_.take_news(); }

    // ------------------------------------------------------------ from outside

    /// Items failed in an earlier program, and are not run again. All others are run in any case.
    void have_failed(failures before);
    /// Of calls that grow: it has its result from an earlier program, or has failed there. False if it has
    /// been handed out.
    [[nodiscard]] bool was_done(std::size_t item);
    [[nodiscard]] bool had_failed(std::size_t item);

    void add(std::size_t n);
    /// Of calls that grow: what has come of their results, and waits to be taken. To be said when some have
    /// been, or have come.
    void has_untaken(const untaken_results& results);
    /// Whether items are held back for want of room, as they are unless somebody waits for them all.
    void holds_back(bool so);
    /// One item less, if it has not been handed out.
    [[nodiscard]] bool withdraw(std::size_t item);
    /// No more items are started; those under way on other ranks end between batches.
    void cancel();
    /// The same, since the program is to end.
    void interrupt(int cause);
    /// So long until what begins now should have ended, in seconds: items that would take longer are not
    /// begun, as far as that is known.
    void has_time_left(double seconds);
    /// A failure that is no item's: no items are run.
    void abandon(failure f);

    // ------------------------------------------------------------ handing out

    enum class answer { chunk, enough, nothing };
    /// What a rank gets that asks.
    [[nodiscard]] answer asked_by(std::size_t rank);
    /// Whether the rank gets nothing, since results would come of it that there is no room for. Nobody waits
    /// for an item that is held back: what has come back goes out all the same, and what was encoded ahead if
    /// the caller waits for it; items that nobody has had go out in order, and few results may always wait.
    [[nodiscard]] bool hold_back(std::size_t rank) { return !has_room_for(rank) && !stock_may_go(); }
    [[nodiscard]] bool hold_back_here() { return hold_back(here_); }
    /// Items to be encoded for a rank, or for whoever wants them first; none where there are none for it.
    [[nodiscard]] item_range next(std::size_t rank) {
        return has_room_for(rank) ? queue().next(rank, measured_) : item_range{};
    }
    /// Whether what was encoded ahead comes before other items, if those may be encoded now.
    [[nodiscard]] bool stock_first(bool may_encode) const {
        return !decided() && stock_may_go() && !(may_encode && queue().has_returned());
    }
    /// One item, behind so many of the chunk, could not be encoded.
    void not_encoded(item_range items, std::size_t written, failures failed);
    /// Whether the items of the chunk that goes to the rank may be given back.
    [[nodiscard]] wire::return_policy return_policy_for(std::size_t rank) const;
    /// Of so many bytes.
    void sent(std::size_t rank, item_range items, std::size_t bytes);
    /// The time that the driver took for one chunk.
    void took_to_send(double seconds);

    // Ahead of the owner's own items, which may take long, what needs code of the user's is encoded for
    // others.

    struct stocking {
        enum class advice { none, take_back, encode } what = advice::none;
        bool first = false;  // nothing is known of the items yet
        double patience = 0; // seconds
    };
    /// `entries`: chunks that are in stock.
    [[nodiscard]] stocking may_stock(std::size_t entries) const;
    [[nodiscard]] bool has_returned() const { return queue().has_returned(); }
    /// Behind the others; `again`: they have come back, and are before all others.
    void stocked(item_range items, bool again);
    /// Those in front.
    item_range take_from_stock();
    /// They were encoded one by one, and have turned out to be short.
    void take_stock_back();

    // ------------------------------------------------------------ items that run here

    [[nodiscard]] bool has_own() const noexcept { return own_.count != 0; }
    /// A chunk of the owner's own; whether there is one.
    bool take_own() {
        own_ = next(here_);
        return own_.count != 0;
    }
    /// Items that were encoded for others: nobody else wants them now.
    void take_own_from_stock() { own_ = take_from_stock(); }
    /// One that nobody else can run.
    void take_what_others_cannot() { own_ = queue().next_for_nobody_but(here_); }
    /// What is run now of the own chunk. The rest may be given to others meanwhile.
    [[nodiscard]] item_range begin_batch();
    [[nodiscard]] bool stops_at_failure_here() const { return plan_.stop_at_failure && retries_.none(); }
    [[nodiscard]] nap_length nap_meanwhile() const;
    /// `done` of the batch need not be run again; so many seconds.
    void ran(item_range batch, std::size_t done, double seconds, failures failed);
    /// What of the own chunk has not been begun is for others.
    void give_own_away();

    // ------------------------------------------------------------ what comes back

    /// A header has arrived, of a message with so many bytes.
    void noticed(std::size_t rank, const wire::message& m, std::size_t bytes);
    /// The rank gives back items that it was handed and has not run; `encoded`: what was sent is still there.
    /// Whether that is in stock now, before all else.
    [[nodiscard]] bool take_back(std::size_t rank, item_range items, bool encoded);
    /// The items of a rank's oldest chunk that have failed, as far as it has said, in order. `last`: with the
    /// last of its results.
    [[nodiscard]] std::vector<std::size_t> failed_of_chunk(std::size_t rank, bool last);
    /// Failures of items, of a chunk whose results follow.
    void failures_came(std::size_t rank, failures failed);
    /// Which items have failed there, nobody knows any more.
    void failures_lost(std::size_t rank, failure why);
    /// So that nobody knows which of the results of its oldest chunk are none.
    [[nodiscard]] bool has_lost_failures(std::size_t rank) const { return ranks_[rank].failures_lost; }
    /// The rank could not read the call's set-up: it has said why.
    void cannot_join(std::size_t rank) { roster_.joined(rank); }
    /// `read` of the results are in place, or will be when all that belongs to them has arrived, but for the
    /// items that had failed. The next could not be decoded, if there is one.
    void results_read(const wire::results& r, std::size_t read, const std::vector<std::size_t>& failed_there,
                      failures failed);
    /// Nothing is known of the results.
    void results_bad(const wire::results& r, const std::vector<std::size_t>& failed_there, failure why);
    /// They are in place.
    void results_in_place(std::size_t rank, item_range items, const wire::results& r,
                          const std::vector<std::size_t>& failed_there);
    /// What put them there has thrown.
    /// The first of them that had not failed there has by that: it is returned, where there is one.
    std::optional<std::size_t>
    results_not_in_place(const wire::results& r, const std::vector<std::size_t>& failed_there, failure why);
    /// An awaited message is here, and nothing of it is under way any more.
    void heeded(const wire::message& m, std::size_t bytes);
    /// Nor of the chunk that it was the last of: failures of its items count now.
    void chunk_heeded(std::size_t rank);
    /// Whether that is to be said of the message.
    [[nodiscard]] static bool is_awaited(const wire::message& m);

    // ------------------------------------------------------------ failures

    /// Of items that have failed for good, for whoever keeps them, once each.
    [[nodiscard]] bool has_final_failures() const noexcept { return !final_.empty(); }
    [[nodiscard]] failures take_final_failures() noexcept { return std::exchange(final_, {}); }

    /// Whether failures have to be decided on, and those: each is to be given to decide().
    [[nodiscard]] bool has_undecided() const noexcept { return !undecided_.empty(); }
    [[nodiscard]] failures take_undecided();
    /// Whether the item may have another attempt; the user may say otherwise.
    [[nodiscard]] bool may_try_again(const failure& f) const;
    void decide(failure f, bool again);

    /// Of calls that grow: final ones, once each.
    [[nodiscard]] bool has_failures() const noexcept { return !failed_.empty(); }
    [[nodiscard]] failures take_failures();
    /// Of others, when all is over: with the failures, ordered by index.
    [[nodiscard]] ending end();
    /// Items that are not settled will not be run.
    void over() { ledger_.over(items_); }
    [[nodiscard]] bool has_chunks_out() const noexcept { return chunks_out_ != 0; }

  private:
    struct rank_record {
        std::size_t chunks = 0;          // handed out, not finished
        std::size_t newest = 1;          // items of the one that was handed out last
        std::vector<std::size_t> failed; // items of the chunk whose results are coming in
        bool failures_lost = false;      // there may be more of these
        bool was_handed = false;         // a chunk
        bool has_answered = false;
        failures held; // of these, until all of it is here
    };

    struct encoded_ahead {
        item_range items;
        bool again; // they have come back
    };

    [[nodiscard]] work_queue& queue() noexcept { return plan_.queue; }
    [[nodiscard]] const work_queue& queue() const noexcept { return plan_.queue; }
    [[nodiscard]] bool wants_more(const rank_record& r, std::size_t rank) const;
    /// Whether it may have what the queue gives next.
    [[nodiscard]] bool has_room_for(std::size_t rank) {
        if (!mode().grows || !is_full() || queue().has_for(rank))
            return true;
        held_back_ = true;
        return false;
    }
    [[nodiscard]] bool is_full() const;
    [[nodiscard]] bool stock_may_go() const;
    void look_for_room();
    [[nodiscard]] bool may_wait_behind() const;
    [[nodiscard]] bool may_wait_long() const;
    [[nodiscard]] bool plenty() const;
    void give_back(item_range items);
    void give_back_between(item_range items, const std::vector<std::size_t>& failed);
    void finish_chunk(std::size_t rank, const wire::results& r);
    void settle(item_range items, const std::vector<std::size_t>& failed, std::size_t rank, double seconds,
                const wire::longest_items& longest);
    void drop(item_range items);
    void measure(item_range items, double seconds);
    void take_in(failures failed);
    bool fail(failure f, std::size_t attempt);
    void complete(failure& f, std::size_t attempt) const;
    void hand_out_again(std::size_t item);
    void item_failed();
    void turn(course to);
    void offer_items() noexcept { acts_ = to_do_.offer_items = true; }
    void look_here() noexcept { acts_ = to_do_.look_here = true; }

    call_plan plan_;
    call_number number_;
    roster& roster_;
    std::size_t here_;
    bool here_runs_;
    item_fates& fates_;
    const bool kept_;
    ledger ledger_;
    std::size_t items_; // that there are, so far
    course course_ = course::runs;
    bool left_out_ = false;       // items have been
    bool items_too_long_ = false; // for the time that was left
    int interrupted_by_ = 0;
    std::vector<rank_record> ranks_;
    fifo<std::size_t> to_answer_first_; // ranks, in the order of their first chunks
    std::size_t chunks_out_ = 0;
    std::size_t under_way_ = 0; // chunks that are out, and messages noticed but not yet heeded
    std::size_t items_out_ = 0; // of those chunks
    struct {
        std::size_t items = 0;
        std::size_t bytes = 0;
    } arriving_;              // results that have been noticed and not heeded
    untaken_results untaken_; // of calls that grow
    bool holds_back_ = true;  // for want of room
    bool held_back_ = false;  // somebody has been given nothing for that
    item_range own_;          // the owner's own chunk, as far as it has not been run
    item_range running_;      // its batch that runs
    std::size_t batch_ = 1;
    std::deque<encoded_ahead> stock_;
    std::size_t stocked_ = 0; // items of it
    measurements measured_;
    double total_seconds_ = 0;
    bool some_returned_ = false;
    retries retries_;
    failures undecided_; // of items that may get another attempt
    failures failed_;
    failures final_; // of those, for whoever keeps them
    actions to_do_;
    bool acts_ = false;
};

} // namespace mpimap::detail
