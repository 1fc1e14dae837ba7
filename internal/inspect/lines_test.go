package inspect_test

import (
	"strings"
	"testing"
	"time"

	"cdrmend/internal/inspect"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/manifests"
)

// logLines are lines as vendors write them, by profile, with what they say of a
// registration; nothing when they are about something else. The reason only fills a
// field, see the samples.
var logLines = map[string][]struct{ line, want string }{
	"asterisk": {
		{
			`[2026-11-20 10:00:01] VERBOSE[1638] chan_sip.c: -- Unregistered SIP 'trunk1'`,
			"time 10:00:01.000000Z trunk_id trunk1 status 200 expiry_seconds 0",
		},
		{
			`[Nov 20 10:00:02] NOTICE[1638] chan_sip.c: Registration from '"a" <sip:trunk1@pbx>' failed for '192.0.2.7:5060' - Wrong password`,
			"time 10:00:02.000000Z trunk_id trunk1 status 403",
		},
		{
			`[2026-11-20 10:00:03.250] DEBUG[44] res_pjsip_outbound_registration.c: Processing REGISTER response 200 from server 'sip:sbc.example' for client 'sip:carrier1@sbc.example'`,
			"time 10:00:03.250000Z trunk_id carrier1 status 200",
		},
		{
			`[2026-11-20 10:00:04] WARNING[44] res_pjsip_outbound_registration.c: Fatal response '401' received from 'sip:sbc.example' on registration attempt to 'sip:carrier1@sbc.example', stopping outbound registration`,
			"time 10:00:04.000000Z trunk_id carrier1 status 401",
		},
		{
			`[2026-11-20 10:00:08] NOTICE[2611] chan_sip.c:    -- Registration for 'carrier1@sbc.example' timed out, trying again (Attempt #1)`,
			"time 10:00:08.000000Z trunk_id carrier1 status 408",
		},
		{
			`[2026-11-20 10:00:09] NOTICE[2611] chan_sip.c:    -- Last Registration Attempt #10 failed, Giving up forever trying to register 'carrier1@sbc.example'`,
			"time 10:00:09.000000Z trunk_id carrier1 status 408",
		},
		{
			`[Nov 20 10:00:10] WARNING[2611]: chan_sip.c:24840 handle_response_register: Forbidden - wrong password on authentication for REGISTER for 'carrier1' to 'sbc.example'`,
			"time 10:00:10.000000Z trunk_id carrier1 status 403",
		},
		{
			`[2026-11-20 10:00:11] NOTICE[2611] chan_sip.c: Failed to authenticate on REGISTER to 'carrier1@sbc.example' (Tries 3)`,
			"time 10:00:11.000000Z trunk_id carrier1 status 401",
		},
		{
			`[2026-11-20 10:00:12] WARNING[2611] chan_sip.c: Got 404 Not found on SIP register to service carrier1@sbc.example, giving up`,
			"time 10:00:12.000000Z trunk_id carrier1 status 404",
		},
		{
			`[2026-11-20 10:00:13] WARNING[2611] chan_sip.c: Got error 479 on register to carrier1@sbc.example, giving up (check config)`,
			"time 10:00:13.000000Z trunk_id carrier1 status 479",
		},
		{
			`[2026-11-20 10:00:14] WARNING[44]: res_pjsip_outbound_registration.c:1250 schedule_retry: No response received from 'sip:sbc.example' on registration attempt to 'sip:carrier1@sbc.example', retrying in '60'`,
			"time 10:00:14.000000Z trunk_id carrier1 status 408",
		},
		{
			`[2026-11-20 10:00:05] SECURITY[71] res_security_log.c: SecurityEvent="InvalidPassword",EventTV="2026-11-20T11:00:05.120+0100",Severity="Error",Service="PJSIP",EventVersion="2",AccountID="trunk1",SessionID="0x7f1",LocalAddress="IPV4/UDP/192.0.2.1/5060",RemoteAddress="IPV4/UDP/192.0.2.9/5060",Challenge="1/a"`,
			"time 10:00:05.120000Z trunk_id trunk1 status 403",
		},
		// A user name that was made to look like the end of the field.
		{
			`[2026-11-20 10:00:06] SECURITY[71] res_security_log.c: SecurityEvent="InvalidPassword",EventTV="2026-11-20T10:00:06.120+0000",Severity="Error",Service="PJSIP",EventVersion="2",AccountID="trunk1",SessionID="0x7f1",LocalAddress="x",RemoteAddress="y",SessionID="0x7f2",LocalAddress="IPV4/UDP/192.0.2.1/5060",RemoteAddress="IPV4/UDP/192.0.2.9/5060"`,
			"",
		},
		{
			`[2026-11-20 10:00:07] SECURITY[71] res_security_log.c: SecurityEvent="SuccessfulAuth",EventTV="2026-11-20T10:00:07.120+0000",Severity="Informational",Service="PJSIP",EventVersion="1",AccountID="trunk1",SessionID="0x7f1",LocalAddress="IPV4/UDP/192.0.2.1/5060",RemoteAddress="IPV4/UDP/192.0.2.9/5060",UsingPassword="1"`,
			"",
		},
	},
	"freeswitch": {
		{
			"2026-11-20 10:00:01.270909 99.03% [WARNING] sofia_reg.c:499 Timeout Registering gw1",
			"time 10:00:01.270909Z trunk_id gw1 status 408",
		},
		{
			"2026-11-20 10:00:02.270909 [DEBUG] sofia_reg.c:418 Registered gw1",
			"time 10:00:02.270909Z trunk_id gw1 status 200",
		},
		{"2026-11-20 10:00:03.270909 [NOTICE] sofia_reg.c:141 UN-Registering gw1", ""},
		{"2026-11-20 10:00:04.270909 [WARNING] sofia_reg.c:520 gw1 Failed Registration [403], setting retry to 30 seconds.", ""},
	},
	"cisco-cucm": {
		{
			`<187>64: cucm1: Nov 20 2026 10:00:01.120 UTC : %UC_CALLMANAGER-1-SIPTrunkOOS: %[SIPTrunkName=carrier1][UnavailableRemotePeersWithReasonCode=192.0.2.9:5060, ReasonCode=1][AppID=Cisco CallManager]: All remote peers are out of service`,
			"time 10:00:01.120000Z trunk_id carrier1 status 503",
		},
		{
			`<190>65: cucm1: Nov 20 2026 10:20:01.120 UTC : %UC_CALLMANAGER-6-SIPTrunkISV: %[SIPTrunkName=carrier1][AvailableRemotePeers=192.0.2.9:5060][AppID=Cisco CallManager]: All remote peers are in service`,
			"time 10:20:01.120000Z trunk_id carrier1 status 200",
		},
	},
	"sip-syslog": {
		{
			"Nov 20 10:00:01 sbc01 kamailio[411]: ERROR: uac [uac_reg.c:1080]: uac_reg_tm_callback(): got sip response 403 while registering [tg1]",
			"time 10:00:01.000000Z trunk_id tg1 status 403",
		},
		{
			"<131>1 2026-11-20T11:01:01.5+01:00 sbc01 kamailio 411 - - ERROR: uac [uac_reg.c:949]: uac_reg_tm_callback(): authentication failed for <tg1>",
			"time 10:01:01.500000Z trunk_id tg1 status 401",
		},
		{
			"Nov 20 10:02:01 sbc01 kamailio[411]: INFO: uac [uac_reg.c:1]: uac_reg_tm_callback(): successfully registered [tg1]",
			"time 10:02:01.000000Z trunk_id tg1 status 200",
		},
		{
			"<28>Nov  9 10:03:01 sbc01 opensips[9]: WARNING:uac_registrant:run_reg_tm_cback: Wrong credentials for [sip:tg1@carrier.example]",
			"time 2026-11-09T10:03:01.000000Z trunk_id tg1@carrier.example status 401",
		},
		{
			"<133>1 2026-11-20T10:00:01.123+00:00 192.0.2.70 - - - - [S=9369] [SID=2ed1c8:96:5] (N 1234) (#5)AcSIPDialog: REGISTER rejected, Account 3, ServingIPGroup 7, 403 Forbidden [Time:20-11@10:00:01.120]",
			"time 10:00:01.123000Z trunk_id 3 status 403",
		},
		{
			"<133>1 2026-11-20T10:20:01.123+00:00 192.0.2.70 - - - - [S=9400] [SID=2ed1c8:96:9] (N 1240) (#5)Account 3 registered, ServingIPGroup 7 [Time:20-11@10:20:01.120]",
			"time 10:20:01.123000Z trunk_id 3 status 200",
		},
		{
			"Nov 20 10:09:28 192.0.2.7 sbc1 sipd[2065ace8] ERROR [IDS_LOG]REGISTER from source 192.0.2.7:5060 to dest 192.0.2.7:5060[UDP] realm=net172; From=<sip:tg1@192.0.2.7>;tag=1; target=sip:registrar rejected!; status=403 (Forbidden); error=acl",
			"time 10:09:28.000000Z trunk_id tg1 status 403",
		},
		{"Nov 20 10:10:00 sbc01 kernel: eth0 is up", ""},
	},
	"http-access-log": {
		{
			`[2026-11-20T10:00:01.123Z] "POST /api/v2/telephony/sip/lines/L1/registrations?x=1 HTTP/1.1" 0 DC 118 0 5 - "203.0.113.9" "app/1.0" "id" "api.example" "-"`,
			"time 10:00:01.123000Z line_id L1 status 0",
		},
		{
			`[2026-11-20T10:00:02.123Z] "DELETE /api/v2/telephony/sip/lines/L1/registrations HTTP/2" 204 - 0 0 5 4 "203.0.113.9" "app/1.0" "id" "api.example" "10.0.0.1:80"`,
			"time 10:00:02.123000Z line_id L1 status 204 expiry_seconds 0",
		},
		{
			`https 2026-11-20T10:00:03.186641Z app/my-lb/50dc6c495c0c9188 203.0.113.9:2817 10.0.0.1:80 0.000 0.001 0.000 204 204 34 366 "DELETE https://www.example:443/api/v2/telephony/sip/lines/L1/registrations HTTP/1.1" "curl/7" - - arn:aws:x`,
			"time 10:00:03.186641Z line_id L1 status 204 expiry_seconds 0",
		},
	},
}

// jsonLines are likewise lines of JSON.
var jsonLines = map[string][]struct{ line, want string }{
	"http-access-log": {
		// What the page about profiles has nginx write.
		{
			`{"requestTime":"2026-11-20T11:00:01+01:00","httpMethod":"POST","path":"/api/v2/telephony/sip/lines/L1/registrations","status":"403","requestId":"q1"}`,
			"time 10:00:01.000000Z line_id L1 status 403",
		},
		{
			`{"requestTime":"20/Nov/2026:10:00:02 +0000","httpMethod":"DELETE","path":"/api/v2/telephony/sip/lines/L1/registrations","status":"204"}`,
			"time 10:00:02.000000Z line_id L1 status 204 expiry_seconds 0",
		},
		{`{"requestTime":"2026-11-20T11:00:01+01:00","httpMethod":"GET","path":"/health","status":"200"}`, ""},
	},
}

func TestALineOfALogSaysWhatItsVendorMeans(t *testing.T) {
	for suffix, all := range map[string]map[string][]struct{ line, want string }{".log": logLines, ".jsonl": jsonLines} {
		for name, list := range all {
			text, _ := manifests.Profile(name)
			p, err := profile.Load(name, text, "registrations")
			if err != nil {
				t.Fatal(err)
			}
			for _, test := range list {
				f := inspect.File{Path: "date=2026-11-20/a" + suffix, Modified: record.TimeOf(time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC)), Content: strings.NewReader(test.line + "\n")}
				var out strings.Builder
				if err := inspect.Print(&out, p, &f, 10); err != nil {
					t.Fatal(err)
				}
				if got := eventIn(out.String()); got != test.want {
					t.Errorf("%s: got %q, want %q of\n%s\n%s", name, got, test.want, test.line, out.String())
				}
			}
		}
	}
}

// eventIn returns the fields of the one event that was printed, in one line; all of
// it when it did not parse or was rejected.
func eventIn(printed string) string {
	if strings.Contains(printed, "reject") || strings.Contains(printed, "did not parse") {
		return printed
	}
	_, event, _ := strings.Cut(printed, "\nevent 0\n")
	event, _, _ = strings.Cut(event, "\n\n")
	return strings.Replace(strings.Join(strings.Fields(event), " "), "time 2026-11-20T", "time ", 1)
}
