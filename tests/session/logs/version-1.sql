pragma application_id = 1095650;
pragma user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE "alpha" (
   "run" INTEGER REFERENCES "runs"("run"),
   "offset" INTEGER,
   "ts" INTEGER,
   "bid" INTEGER,
   "ask" INTEGER,
   "bid_qty" INTEGER,
   "ask_qty" INTEGER,
   "skew_inverted" REAL,
   "hazard_inverted" REAL,
   "skew_traditional" REAL,
   "hazard_traditional" REAL,
   "norm" REAL,
   "fair_px" REAL,
   "width_ticks" REAL,
   "inventory" INTEGER,
   "pnl_e8" INTEGER
);
INSERT INTO "alpha" VALUES(1,1000,1700000000000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1013,NULL);
INSERT INTO "alpha" VALUES(1,2000,1700000000250000,2002,2003,2004,2005,0.5,0.5,0.5,0.5,0.5,0.5,0.5,2013,2014);
CREATE TABLE "fills" (
   "run" INTEGER REFERENCES "runs"("run"),
   "offset" INTEGER,
   "ts" INTEGER,
   "exch_ts" INTEGER,
   "seq" INTEGER,
   "order_id" INTEGER,
   "px" INTEGER,
   "qty" INTEGER,
   "print_px" INTEGER,
   "print_qty" INTEGER,
   "mid2" INTEGER,
   "fee_e8" INTEGER,
   "inventory" INTEGER,
   "side" INTEGER,
   "rule" INTEGER,
   "strategy" INTEGER
);
INSERT INTO "fills" VALUES(1,1000,1700000000000000,1002,1003,1004,1005,1006,1007,1008,1009,1010,1011,1,0,0);
INSERT INTO "fills" VALUES(1,2000,1700000000250000,2002,2003,2004,2005,2006,2007,2008,2009,2010,2011,-1,0,0);
CREATE TABLE "fills_rule_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "fills_rule_names" VALUES(0,'through');
CREATE TABLE "fills_strategy_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "fills_strategy_names" VALUES(0,'maker');
INSERT INTO "fills_strategy_names" VALUES(1,'fade');
INSERT INTO "fills_strategy_names" VALUES(2,'own');
CREATE TABLE "labels" (
   "run" INTEGER REFERENCES "runs"("run"),
   "offset" INTEGER,
   "ts" INTEGER,
   "exch_ts" INTEGER,
   "seq" INTEGER,
   "px" INTEGER,
   "qty" INTEGER,
   "book_age_us" INTEGER,
   "feature_v_rel" REAL,
   "feature_depth_consumed" REAL,
   "feature_depth_resting" REAL,
   "feature_spread_ticks" REAL,
   "feature_t_m_us" REAL,
   "feature_t_age_us" REAL,
   "z_v_rel" REAL,
   "z_depth_consumed" REAL,
   "z_depth_resting" REAL,
   "z_spread_ticks" REAL,
   "z_t_m_us" REAL,
   "z_t_age_us" REAL,
   "side" INTEGER,
   "label" INTEGER,
   "why" INTEGER
);
INSERT INTO "labels" VALUES(1,1000,1700000000000000,1002,1003,1004,1005,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0);
INSERT INTO "labels" VALUES(1,2000,1700000000250000,2002,2003,2004,2005,2006,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,-1,0,0);
CREATE TABLE "labels_label_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "labels_label_names" VALUES(0,'passive');
INSERT INTO "labels_label_names" VALUES(1,'opportunistic');
INSERT INTO "labels_label_names" VALUES(2,'directional');
INSERT INTO "labels_label_names" VALUES(3,'unassigned');
INSERT INTO "labels_label_names" VALUES(4,'unclassified');
CREATE TABLE "labels_why_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "labels_why_names" VALUES(0,'none');
INSERT INTO "labels_why_names" VALUES(1,'no_model');
INSERT INTO "labels_why_names" VALUES(2,'no_book');
INSERT INTO "labels_why_names" VALUES(3,'no_clock');
INSERT INTO "labels_why_names" VALUES(4,'warm_up');
INSERT INTO "labels_why_names" VALUES(5,'flat');
CREATE TABLE "quotes" (
   "run" INTEGER REFERENCES "runs"("run"),
   "offset" INTEGER,
   "ts" INTEGER,
   "order_id" INTEGER,
   "px" INTEGER,
   "qty" INTEGER,
   "live_from" INTEGER,
   "live_to" INTEGER,
   "side" INTEGER,
   "act" INTEGER,
   "why" INTEGER,
   "strategy" INTEGER
);
INSERT INTO "quotes" VALUES(1,1000,1700000000000000,1002,1003,1004,1005,1006,1,0,0,0);
INSERT INTO "quotes" VALUES(1,2000,1700000000250000,2002,2003,2004,2005,2006,-1,0,0,0);
CREATE TABLE "quotes_act_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "quotes_act_names" VALUES(1,'place');
INSERT INTO "quotes_act_names" VALUES(2,'cancel');
INSERT INTO "quotes_act_names" VALUES(3,'reject');
INSERT INTO "quotes_act_names" VALUES(4,'done');
CREATE TABLE "quotes_strategy_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "quotes_strategy_names" VALUES(0,'maker');
INSERT INTO "quotes_strategy_names" VALUES(1,'fade');
INSERT INTO "quotes_strategy_names" VALUES(2,'own');
CREATE TABLE "quotes_why_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "quotes_why_names" VALUES(0,'price');
INSERT INTO "quotes_why_names" VALUES(1,'gap');
INSERT INTO "quotes_why_names" VALUES(2,'disarm');
INSERT INTO "quotes_why_names" VALUES(3,'inventory');
INSERT INTO "quotes_why_names" VALUES(4,'cross');
INSERT INTO "quotes_why_names" VALUES(5,'fill');
CREATE TABLE "runs" (
   "run" INTEGER PRIMARY KEY,
   "session_id" TEXT NOT NULL,
   "started_us" INTEGER NOT NULL,
   "ended_us" INTEGER,
   "symbol" TEXT,
   "tape" TEXT,
   "tape_sha256" TEXT,
   "first_ts_us" INTEGER,
   "last_ts_us" INTEGER,
   "model_sha256" TEXT,
   "fill_rule" TEXT,
   "params" TEXT,
   "provenance" TEXT NOT NULL,
   "summary" TEXT
);
INSERT INTO "runs" VALUES(1,'20261121T154935.765379Z-1250a2',1795276175771019,1795276175786067,'BTCUSDT','day.parquet','ab',1,2,NULL,'through','[0.0, 0.0, 10.0, 0.0, 1.0, 0.001, 50.0, 0.0, 1000.0, 250000.0, 60000000.0, 1.0, 0.01, 200000.0, 50.0, 5.0, 0.2, 0.2, 0.0, 0.0, 2.0, 0.0, 1.0, 100000.0, 100000.0, 2.0]','{"tape": "day.parquet", "tape_sha256": "ab", "instrument": {"market": 0, "symbol": "BTCUSDT", "tick_size": "0.1", "lot_size": "0.001", "multiplier": "1"}, "params": [0.0, 0.0, 10.0, 0.0, 1.0, 0.001, 50.0, 0.0, 1000.0, 250000.0, 60000000.0, 1.0, 0.01, 200000.0, 50.0, 5.0, 0.2, 0.2, 0.0, 0.0, 2.0, 0.0, 1.0, 100000.0, 100000.0, 2.0], "model_sha256": null, "fill_rule": "through", "first_ts_us": 1, "last_ts_us": 2, "platform": "somewhere", "versions": {"python": "3.11.7", "lobterm": "0.1.0", "numpy": "2.4.6", "numba": "0.68.1"}}','{"fills": 2}');
CREATE UNIQUE INDEX "idx_runs_session_id"
    ON "runs" ("session_id");
CREATE INDEX "idx_labels_run"
    ON "labels" ("run");
CREATE VIEW "labels_named" AS select runs.session_id, [labels].[offset], [labels].[ts], [labels].[exch_ts], [labels].[seq], [labels].[px], [labels].[qty], [labels].[book_age_us], [labels].[feature_v_rel], [labels].[feature_depth_consumed], [labels].[feature_depth_resting], [labels].[feature_spread_ticks], [labels].[feature_t_m_us], [labels].[feature_t_age_us], [labels].[z_v_rel], [labels].[z_depth_consumed], [labels].[z_depth_resting], [labels].[z_spread_ticks], [labels].[z_t_m_us], [labels].[z_t_age_us], [labels].[side], [labels_label_names].name as [label], [labels_why_names].name as [why] from [labels] join runs on runs.run = [labels].run left join [labels_label_names] on [labels_label_names].id = [labels].[label] left join [labels_why_names] on [labels_why_names].id = [labels].[why];
CREATE INDEX "idx_alpha_run"
    ON "alpha" ("run");
CREATE VIEW "alpha_named" AS select runs.session_id, [alpha].[offset], [alpha].[ts], [alpha].[bid], [alpha].[ask], [alpha].[bid_qty], [alpha].[ask_qty], [alpha].[skew_inverted], [alpha].[hazard_inverted], [alpha].[skew_traditional], [alpha].[hazard_traditional], [alpha].[norm], [alpha].[fair_px], [alpha].[width_ticks], [alpha].[inventory], [alpha].[pnl_e8] from [alpha] join runs on runs.run = [alpha].run;
CREATE INDEX "idx_quotes_run"
    ON "quotes" ("run");
CREATE VIEW "quotes_named" AS select runs.session_id, [quotes].[offset], [quotes].[ts], [quotes].[order_id], [quotes].[px], [quotes].[qty], [quotes].[live_from], [quotes].[live_to], [quotes].[side], [quotes_act_names].name as [act], [quotes_why_names].name as [why], [quotes_strategy_names].name as [strategy] from [quotes] join runs on runs.run = [quotes].run left join [quotes_act_names] on [quotes_act_names].id = [quotes].[act] left join [quotes_why_names] on [quotes_why_names].id = [quotes].[why] left join [quotes_strategy_names] on [quotes_strategy_names].id = [quotes].[strategy];
CREATE INDEX "idx_fills_run"
    ON "fills" ("run");
CREATE VIEW "fills_named" AS select runs.session_id, [fills].[offset], [fills].[ts], [fills].[exch_ts], [fills].[seq], [fills].[order_id], [fills].[px], [fills].[qty], [fills].[print_px], [fills].[print_qty], [fills].[mid2], [fills].[fee_e8], [fills].[inventory], [fills].[side], [fills_rule_names].name as [rule], [fills_strategy_names].name as [strategy] from [fills] join runs on runs.run = [fills].run left join [fills_rule_names] on [fills_rule_names].id = [fills].[rule] left join [fills_strategy_names] on [fills_strategy_names].id = [fills].[strategy];
COMMIT;
