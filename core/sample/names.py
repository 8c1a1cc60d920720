"""Names of many origins for invented people: first names by sex, last names, and what some like to be called.

Share is how many households are of the origin; `languages` is what its people prefer to read. Names carry their own
letters; `core.sample.person` writes some without, as front desks do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.sample.draw import Weighted


@dataclass(frozen=True)
class Origin:
    """One origin: names by sex, last names, languages, race and ethnicity as a registration form words them."""

    name: str
    share: float
    women: tuple[str, ...]
    men: tuple[str, ...]
    last: tuple[str, ...]
    languages: Weighted[str]
    races: Weighted[str]
    ethnicity: str = "Not Hispanic or Latino"
    called: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


def _called(women: str, men: str) -> dict[str, tuple[str, ...]]:
    return {"F": _words(women), "M": _words(men)}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_EUROPEAN = Weighted({"White": 0.88, "": 0.06, "Other": 0.03, "Declined": 0.03})
_ASIAN = Weighted({"Asian": 0.92, "": 0.05, "Declined": 0.03})

ORIGINS = (
    Origin(
        "English",
        0.46,
        _words(
            "Mary Linda Susan Karen Nancy Betty Ruth Sharon Donna Emily Hannah Olivia Grace Chloe Abigail Megan Laura "
            "Rebecca Rachel Julia Alice Dorothy Helen Joan Judith Carol Diane Pamela Sophie Ella Ava Harper Nora Zoe"
        ),
        _words(
            "James Robert John William Thomas Charles Daniel Matthew Mark Paul Steven Kenneth George Edward Brian "
            "Ronald Kevin Jason Jeffrey Ryan Jacob Gary Larry Frank Scott Henry Arthur Walter Owen Liam Noah Ethan Leo"
        ),
        _words(
            "Abernathy Ashcombe Barlow Birchwood Blackwell Bramley Carrow Chatterley Coldwell Cresswell Dalby Dunmore "
            "Eastlake Fairweather Fenwick Garrick Halloway Harrowgate Hartwell Inglewood Kettering Kingsley Lambourne "
            "Langford Marlowe Mayfield Northcott Oakhurst O'Brien O'Dowd Pemberton Quimby Ravenscroft Redfern Sedgwick "
            "Smith Stanhope Thistlewood Underhill Vance Wainwright Weatherby Whitlock Winterbourne Yardley McAllister"
        ),
        Weighted({"en": 0.86, "English": 0.1, "": 0.04}),
        Weighted({"White": 0.74, "Black or African American": 0.19, "": 0.04, "Two or more": 0.03}),
        called=_called("Peggy Liz Kate Sam Alex Sunny Bea Nell", "Bill Bob Jack Sam Alex Chip Ted Max"),
    ),
    Origin(
        "Spanish",
        0.16,
        _words(
            "María Guadalupe Carmen Rosa Ana Lucía Sofía Isabela Valentina Camila Gabriela Daniela Elena Teresa "
            "Dolores Pilar Xiomara Ximena Consuelo Inés Noemí Yolanda Araceli Belén Concepción"
        ),
        _words(
            "José Juan Luis Carlos Miguel Jesús Francisco Alejandro Diego Mateo Santiago Andrés Rafael Fernando "
            "Joaquín Ramón Ángel Sebastián Emiliano Héctor Julián Óscar Raúl Tomás Ignacio"
        ),
        _words(
            "García Rodríguez Martínez Hernández López González Pérez Sánchez Ramírez Torres Flores Rivera Gómez Díaz "
            "Cruz Morales Reyes Gutiérrez Ortiz Chávez Ruiz Álvarez Castillo Jiménez Vásquez Núñez Peña Muñoz Ibáñez"
        ),
        Weighted({"es": 0.5, "en": 0.36, "Spanish": 0.1, "": 0.04}),
        Weighted({"White": 0.5, "Other": 0.32, "": 0.12, "Black or African American": 0.06}),
        "Hispanic or Latino",
        _called("Lupe Chela Lucha Tere Concha", "Pepe Paco Nacho Beto Memo"),
    ),
    Origin(
        "Polish",
        0.07,
        _words("Agnieszka Małgorzata Katarzyna Elżbieta Zofia Grażyna Bożena Jadwiga Łucja Wanda Danuta Halina Żaneta"),
        _words("Stanisław Paweł Łukasz Krzysztof Wojciech Zbigniew Jerzy Kazimierz Mirosław Grzegorz Tadeusz Bogdan"),
        _words(
            "Kowalski Wiśniewski Wójcik Kamiński Zieliński Szymański Woźniak Dąbrowski Kozłowski Jabłoński Mazur "
            "Krawczyk Piotrowski Grabowski Pawłowski Michalski Nowicki Adamczyk Brzęczyszczykiewicz"
        ),
        Weighted({"en": 0.6, "pl": 0.36, "": 0.04}),
        _EUROPEAN,
        called=_called("Gosia Kasia Zosia Ela", "Staszek Krzyś Jurek"),
    ),
    Origin(
        "Vietnamese",
        0.06,
        _words("Thị·Hương Ngọc·Anh Thu·Hà Bích·Liên Kim·Oanh Mai Lan Phương Thảo Tuyết Yến Quỳnh Hạnh"),
        _words("Văn·Hùng Minh·Đức Quốc·Bảo Tuấn Dũng Hải Long Phúc Thành Việt Khánh Trung Đạt"),
        _words("Nguyễn Trần Lê Phạm Huỳnh Hoàng Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý"),
        Weighted({"vi": 0.56, "en": 0.38, "": 0.06}),
        _ASIAN,
        called=_called("Hương Lan Kim Annie", "Đức Tony Dũng"),
    ),
    Origin(
        "Chinese",
        0.06,
        _words("Xiuying Meiling Yan Fang Jing Lihua Xiaohong Yuting Shufen Chunhua Ying Zhen Li-Hua"),
        _words("Wei Jianguo Qiang Lei Jun Haoran Zhiming Guoqiang Yong Tao Xiaoming Bowen Zihan"),
        _words("Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Luo Lü"),
        Weighted({"zh": 0.5, "en": 0.42, "Chinese": 0.05, "": 0.03}),
        _ASIAN,
        called=_called("美玲 秀英 丽华 Grace Amy", "小明 伟 志明 David Kevin"),
    ),
    Origin(
        "Arabic",
        0.05,
        _words("Fatima Aisha Layla Noor Zaynab Maryam Huda Salma Yasmin Rania Amira Samira Hanan"),
        _words("Mohammed Ahmed Omar Yusuf Khalid Hassan Ali Ibrahim Tariq Samir Mustafa Bilal Karim"),
        _words("Al-Masri Haddad Khoury Nasser Mansour Hamdan Saleh Qasim Al-Jabari Darwish Shaheen Abu·Zayd El-Amin"),
        Weighted({"ar": 0.44, "en": 0.5, "": 0.06}),
        Weighted({"White": 0.55, "Other": 0.3, "": 0.15}),
        called=_called("ليلى نور فاطمة Mimi", "محمد يوسف عمر Sam Mo"),
    ),
    Origin(
        "Hindi",
        0.05,
        _words("Priya Ananya Sunita Lakshmi Deepa Kavita Meera Asha Pooja Radha Nisha Savitri Kamala"),
        _words("Raj Arjun Vikram Sanjay Anil Suresh Ravi Amit Rahul Krishnan Mohan Venkatesh Prakash"),
        _words("Sharma Patel Gupta Singh Kumar Reddy Iyer Nair Mehta Chatterjee Venkataraghavan Desai Joshi Rao"),
        Weighted({"en": 0.8, "hi": 0.16, "": 0.04}),
        _ASIAN,
        called=_called("प्रिया मीरा Sunny", "राज अनिल Raj Vik"),
    ),
    Origin(
        "Korean",
        0.03,
        _words("Min-ji Seo-yeon Ji-woo Eun-jung Hye-jin Soo-bin Mi-kyung Young-hee"),
        _words("Min-jun Ji-hoon Sung-ho Dong-hyun Jae-won Seung-woo Young-soo Kyung-ho"),
        _words("Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han"),
        Weighted({"en": 0.58, "ko": 0.38, "": 0.04}),
        _ASIAN,
        called=_called("서연 지우 은정 Jenny", "민준 James"),
    ),
    Origin(
        "Nigerian",
        0.03,
        _words("Ngozi Chiamaka Adaeze Folake Amaka Ifeoma Yetunde Blessing Nkechi"),
        _words("Chinedu Emeka Oluwaseun Babatunde Tunde Obinna Ikenna Kehinde Femi"),
        _words("Okafor Adeyemi Okonkwo Balogun Eze Olatunji Nwosu Adebayo Ogunleye Chukwu"),
        Weighted({"en": 0.95, "": 0.05}),
        Weighted({"Black or African American": 0.94, "": 0.06}),
        called=_called("Ada Chi", "Tunde Seun"),
    ),
    Origin(
        "Nordic",
        0.03,
        _words("Ingrid Astrid Sigrid Åse Bjørg Kirsten Solveig Märta Jürgen-Anne Gretchen"),
        _words("Lars Erik Bjørn Søren Jörg Günther Åke Torsten Nils Ørjan"),
        _words("Sørensen Lindqvist Bjørnstad Hågensen Müller Schröder Grünewald Østergård Åkerlund Weiß"),
        Weighted({"en": 0.96, "": 0.04}),
        _EUROPEAN,
        called=_called("Inga Greta", "Lasse Finn"),
    ),
)

ORIGIN = Weighted({origin: origin.share for origin in ORIGINS})
