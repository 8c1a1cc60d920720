"""A small feed about one family and a few others, for tests of a patient's summary. Days are counted from today."""

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import insert, update

from core.store.database import writing
from core.store.schema import address_states, attempts, patients, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign
from tests.feeds import write_feed

ANN, KIT, BOB, SAM, DEE = "ann", "kit", "bob", "sam", "dee"
ANNS_EMAIL, ANNS_MOBILE, HOME = "ann@example.org", "+13125550101", "+13125550102"
_PATIENT = (
    "patient_id,mrn,first,last,preferred_name,birth_date,sex,language,address1,address2,city,state,zip,phone_mobile,"
    "phone_home,phone_work,email,preferred_channel,sms_consent,sms_consent_on,sms_consent_source,guarantor_id,"
    "household_id,pcp_id,group_id,payer,status,deceased_on"
)
_LAB = "lab_id,patient_id,loinc,local_code,local_name,value,unit,status,ordered_on,collected_on"


def one_patient_feed(folder: Path, today: date) -> Path:
    """Ann with everything, her child Kit, Bob of another group at her home number, Sam of whom nothing is known, and
    Dee who has died."""

    def ago(days: int) -> date:
        return today - timedelta(days=days)

    return write_feed(
        folder,
        groups=["group_id,name", "g1,Hill Group", "g2,Lake Group"],
        locations=["location_id,group_id,name,phone", "l1,g1,Hill Clinic,3125550100"],
        providers=[
            "provider_id,first,last,group_id,location_id,is_pcp,display_name",
            "d1,Ada,Hill,g1,l1,yes,Dr. Ada Hill",
            "d2,Leo,Lake,g2,,yes,Dr. Leo Lake",
            'n1,Nia,Care,g1,l1,no,"Nia Care, RN"',
        ],
        patients=[
            _PATIENT,
            "ann,0042,Ann,Example,Annie,1966-05-04,F,es,1 Sample St,Unit 2,Exampleton,IL,60601,3125550101,3125550102,"
            "3125550103,ann@example.org,text,yes,2025-03-12,portal,,h1,d1,g1,Medicare Part B,active,",
            f"kit,0043,Kit,Example,,{ago(7 * 365)},M,en,1 Sample St,,Exampleton,IL,60601,,,,,,,,,ann,h1,d1,g1,,active,",
            "bob,0044,Bob,Lodger,,1970-01-02,M,en,,,,,,,3125550102,,,,no,,,,,d2,g2,,inactive,",
            "sam,,Sam,Silent,,1980-01-02,U,,,,,,,,,,,,,,,,,,g1,,active,",
            f"dee,0045,Dee,Gone,,1950-02-03,F,en,,,,,,,,,,,,,,,,d1,g1,,deceased,{ago(30)}",
        ],
        care_team=["patient_id,role,provider_id,since", f"ann,Care Manager,n1,{ago(90)}", f"ann,nurse,d1,{ago(9)}"],
        portal_accounts=["patient_id,active_since", "ann,2021-06-19"],
        appointments=[
            "appointment_id,patient_id,provider_id,location_id,start_at,made_at,type,status,cancel_reason",
            f"a1,ann,d1,l1,{ago(-20)}T09:30:00,{ago(3)}T10:00:00,office visit,confirmed,",
            f"a2,ann,d1,l1,{ago(-40)}T09:30:00,,office visit,cancelled,patient is away",
            f"a3,ann,d1,l1,{ago(100)}T14:00:00,,wellness visit,completed,",
            f"a4,ann,d1,,{ago(200)}T14:00:00,,,no-show,",
            f"a5,ann,,,{ago(300)}T14:00:00,,office visit,,",
        ],
        reminders=[
            "reminder_id,patient_id,kind,status,type,date,outcome,appointment_id",
            f"x1,ann,appointment,confirmed,phone,{ago(105)}T10:00,answered,a3",
            f"x2,ann,appointment,unconfirmed,text,{ago(2)},delivered,a1",
        ],
        visits=[
            "visit_id,patient_id,provider_id,visit_on,type,status",
            f"v1,ann,d1,{ago(100)},wellness visit,finished",
            f"v2,ann,d1,{ago(400)},new patient,finished",
            f"v3,ann,d1,{ago(410)},office visit,entered-in-error",
        ],
        problems=[
            "problem_id,patient_id,code_system,code,text,onset_on,resolved_on,status",
            "p1,ann,ICD-10-CM,J06.9,Common cold,2020-01-02,2020-01-12,resolved",
            "p2,ann,ICD-10-CM,E11.9,Type 2 diabetes,2015-01-02,,active",
            "p3,ann,ICD-10-CM,I10,Entered by mistake,2016-01-02,,entered-in-error",
            "p4,ann,ICD-10-CM,C50.9,Suspected,2019-01-02,,refuted",
        ],
        labs=[
            _LAB,
            f"b1,ann,4548-4,,,8.1,%,final,,{ago(200)}",
            f"b2,ann,17856-6,,,7.4,%,final,,{ago(100)}",
            f"b3,ann,4548-4,,,6.9,%,preliminary,,{ago(5)}",
            f"b4,ann,4548-4,,,5.0,%,entered-in-error,,{ago(4)}",
            f"b5,ann,,X1,Vitamin test,,,ordered,{ago(6)},",
        ],
        vitals=["vital_id,patient_id,code,name,value,unit,taken_on", f"t1,ann,8480-6,Systolic,131,mm[Hg],{ago(100)}"],
        immunizations=[
            "immunization_id,patient_id,cvx,name,administered_on,status",
            f"i1,ann,140,Flu shot,{ago(50)},completed",
            f"i2,ann,187,Shingles,{ago(60)},not-done",
        ],
        medications=[
            "medication_id,patient_id,rxnorm,name,start_on,stop_on,status",
            f"m1,ann,6809,metformin,2015-02-03,{ago(300)},stopped",
            "m2,ann,83367,atorvastatin,2014-02-03,,active",
        ],
        procedures=[
            "procedure_id,patient_id,code_system,code,text,ordered_on,performed_on,status",
            f"r1,ann,LOINC,24606-6,Mammogram,,{ago(120)},completed",
            f"r2,ann,Local,COLO,Colonoscopy,{ago(30)},,cancelled",
        ],
    )


def mark_dead(wb: Workbench, channel: str, address: str, reason: str) -> None:
    """Nothing more goes to an address."""
    values = {"channel": channel, "address": address, "state": "bounced", "reason": reason, "since": wb.now()}
    with writing(wb.engine) as connection:
        connection.execute(insert(address_states).values(values))


def change(wb: Workbench, patient_id: str, **columns: object) -> None:
    """Let the database say otherwise of a patient than the feed."""
    with writing(wb.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == patient_id).values(**columns))


def sent(wb: Workbench, patient_id: str, *, state: str = "delivered", reason: str = "", **campaign: object) -> str:
    """A campaign's message that was tried an hour ago and stands so now; returns the campaign's id."""
    campaign_id = add_campaign(wb, [patient_id], **campaign)
    at = wb.now() - timedelta(hours=1)
    with writing(wb.engine) as connection:
        of_campaign = recipients.c.campaign_id == campaign_id
        connection.execute(update(recipients).where(of_campaign).values(state=state, reason=reason, finished_at=at))
        [recipient_id] = connection.execute(recipients.select().where(of_campaign).with_only_columns(recipients.c[0]))
        values = {"recipient_id": recipient_id[0], "number": 1, "worker": "w", "started_at": at, "outcome": "accepted"}
        connection.execute(insert(attempts).values(values))
    return campaign_id
